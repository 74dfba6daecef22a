-- Each state's place among the states, and how specialised it is against the US. States are ranked
-- before anything is joined. What a reader may filter by is in PARTITION BY, so that a database ranks
-- no more than the filter asks for.
SELECT
    state.ref_area,
    state.time_period,
    state.category,
    state.dataset,
    state.area_name,
    state.category_name,
    state.year,
    state.value,
    CASE WHEN state.value IS NOT NULL THEN state.place END AS rank,
    state.states,
    state.share_of_total,
    nation.share_of_total AS share_of_total_us,
    state.share_of_total / nullif(nation.share_of_total, 0) AS location_quotient,
    state.unit,
    state.unit_mult
FROM (
    SELECT
        ranked.*,
        CASE
            WHEN total.value <> 0
            THEN 100 * ranked.value_float / total.value_float
        END AS share_of_total
    FROM (
        SELECT
            *,
            rank() OVER (among ORDER BY value DESC NULLS LAST) AS place,
            count(value) OVER among AS states
        FROM pce_state
        WHERE geo_level = 'state'
        WINDOW among AS (PARTITION BY category, time_period, year, dataset, category_name)
    ) AS ranked
    LEFT JOIN pce_state AS total
        ON total.ref_area = ranked.ref_area
        AND total.category = ranked.top_category
        AND total.time_period = ranked.time_period
        AND total.year = ranked.year
        AND total.dataset = ranked.dataset
        AND total.unit = ranked.unit
) AS state
LEFT JOIN pce_state_share AS nation
    ON nation.ref_area = 'US'
    AND nation.category = state.category
    AND nation.time_period = state.time_period
    AND nation.year = state.year
    AND nation.dataset = state.dataset
