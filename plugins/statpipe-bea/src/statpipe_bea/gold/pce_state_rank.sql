-- Each state's place among the states, and how specialised it is against the US.
SELECT
    state.ref_area,
    state.time_period,
    state.category,
    state.dataset,
    state.area_name,
    state.category_name,
    state.year,
    state.value,
    CASE
        WHEN state.value IS NOT NULL
        THEN rank() OVER (
            PARTITION BY state.category, state.time_period ORDER BY state.value DESC NULLS LAST
        )
    END AS rank,
    count(state.value) OVER (PARTITION BY state.category, state.time_period) AS states,
    state.share_of_total,
    nation.share_of_total AS share_of_total_us,
    state.share_of_total / nullif(nation.share_of_total, 0) AS location_quotient,
    state.unit,
    state.unit_mult
FROM pce_state_share AS state
LEFT JOIN pce_state_share AS nation
    ON nation.ref_area = 'US'
    AND nation.category = state.category
    AND nation.time_period = state.time_period
WHERE state.geo_level = 'state'
