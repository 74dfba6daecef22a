-- The figures as they stood on a date, with names and place in the hierarchy.
SELECT
    history.ref_area,
    history.time_period,
    history.category,
    history.dataset,
    area.area_name,
    area.geo_level,
    area.geo_fips,
    area.state_fips,
    area.iso_3166,
    history.freq,
    history.period_start,
    ${period_end} AS period_end,
    history.year,
    category.category_name,
    category.parent_category,
    category.top_category,
    category.sign,
    category.category_depth,
    category.category_path,
    history.value,
    history.decimals,
    CAST(history.value AS DOUBLE PRECISION) AS value_float,
    history.unit,
    history.unit_mult,
    history.obs_status,
    history.source_symbol,
    history.notes,
    history.vintage,
    history.realtime_start,
    history.basis,
    history.seen_before:dimensions(category)
FROM ${base}_history AS history
JOIN ${base}_category AS category
    ON category.dataset = history.dataset AND category.category = history.category
JOIN ${base}_area AS area ON area.ref_area = history.ref_area
WHERE :as_of BETWEEN history.realtime_start AND history.realtime_end
