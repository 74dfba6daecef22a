-- Every change of a figure that had been published before. What a reader may filter by is in
-- PARTITION BY, so that a database applies the filter before it sorts.
SELECT
    ref_area,
    time_period,
    category,
    dataset,
    area_name,
    category_name,
    freq,
    period_start,
    year,
    old_value,
    value AS new_value,
    CASE WHEN same_unit AND ${difference_fits} THEN value - old_value END AS difference,
    CASE
        WHEN same_unit AND old_value <> 0 AND ${difference_fits}
        THEN 100 * CAST(value - old_value AS DOUBLE PRECISION)
            / abs(CAST(old_value AS DOUBLE PRECISION))
    END AS percent,
    old_unit,
    unit AS new_unit,
    old_status,
    obs_status AS new_status,
    old_symbol,
    source_symbol AS new_symbol,
    old_vintage,
    vintage AS new_vintage,
    realtime_start AS revised_on
FROM (
    SELECT
        history.*,
        area.area_name,
        category.category_name,
        lag(value) OVER cell AS old_value,
        lag(unit) OVER cell AS old_unit,
        lag(obs_status) OVER cell AS old_status,
        lag(source_symbol) OVER cell AS old_symbol,
        lag(vintage) OVER cell AS old_vintage,
        unit = lag(unit) OVER cell AND unit_mult = lag(unit_mult) OVER cell AS same_unit
    FROM ${base}_history AS history
    JOIN ${base}_category AS category
        ON category.dataset = history.dataset AND category.category = history.category
    JOIN ${base}_area AS area ON area.ref_area = history.ref_area
    WINDOW cell AS (
        PARTITION BY
            history.ref_area, history.category, history.time_period, history.dataset,
            history.year, history.period_start, history.freq, area.area_name, category.category_name
        ORDER BY history.realtime_start, history.vintage
    )
) AS revised
WHERE old_vintage IS NOT NULL
  AND (
      value IS DISTINCT FROM old_value
      OR NOT same_unit
      OR obs_status <> old_status
      OR source_symbol IS DISTINCT FROM old_symbol
  )
