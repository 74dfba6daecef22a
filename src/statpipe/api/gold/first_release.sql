-- The figures as they were first published.
SELECT
    first.ref_area,
    first.time_period,
    first.category,
    first.dataset${first_dimensions},
    area.area_name,
    category.category_name,
    first.freq,
    first.period_start,
    first.year,
    first.value,
    first.unit,
    first.unit_mult,
    first.obs_status,
    first.source_symbol,
    first.notes,
    first.vintage,
    first.realtime_start
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY ref_area, category, time_period, dataset${dimensions}
            ORDER BY realtime_start, vintage
        ) AS place
    FROM ${base}_history
) AS first
JOIN ${base}_category AS category
    ON category.dataset = first.dataset AND category.category = first.category
JOIN ${base}_area AS area ON area.ref_area = first.ref_area
WHERE first.place = 1
