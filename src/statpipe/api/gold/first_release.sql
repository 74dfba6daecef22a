-- The figures as they were first published. What a reader may filter by is in PARTITION BY, so that
-- a database applies the filter before it sorts.
SELECT
    ref_area,
    time_period,
    category,
    dataset,
    area_name,
    category_name,
    freq,
    period_start,
    ${period_end} AS period_end,
    year,
    value,
    decimals,
    unit,
    unit_mult,
    obs_status,
    source_symbol,
    notes,
    vintage,
    realtime_start,
    basis,
    seen_before
FROM (
    SELECT
        history.*,
        area.area_name,
        category.category_name,
        row_number() OVER (
            PARTITION BY
                history.ref_area, history.category, history.time_period, history.dataset,
                history.year, history.period_start, history.freq, area.area_name, category.category_name
            ORDER BY history.realtime_start, history.vintage
        ) AS place
    FROM ${base}_history AS history
    JOIN ${base}_category AS category
        ON category.dataset = history.dataset AND category.category = history.category
    JOIN ${base}_area AS area ON area.ref_area = history.ref_area
) AS released
WHERE place = 1
