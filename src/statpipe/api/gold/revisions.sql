-- Every change of a figure that had been published before.
SELECT
    revised.ref_area,
    revised.time_period,
    revised.category,
    revised.dataset${revised_dimensions},
    area.area_name,
    category.category_name,
    revised.freq,
    revised.period_start,
    revised.year,
    revised.old_value,
    revised.value AS new_value,
    CASE WHEN revised.same_unit THEN revised.value - revised.old_value END AS difference,
    CASE
        WHEN revised.same_unit AND revised.old_value <> 0
        THEN 100 * CAST(revised.value - revised.old_value AS DOUBLE PRECISION)
            / abs(CAST(revised.old_value AS DOUBLE PRECISION))
    END AS percent,
    revised.old_unit,
    revised.unit AS new_unit,
    revised.old_status,
    revised.obs_status AS new_status,
    revised.old_symbol,
    revised.source_symbol AS new_symbol,
    revised.old_vintage,
    revised.vintage AS new_vintage,
    revised.realtime_start AS revised_on
FROM (
    SELECT
        *,
        lag(value) OVER cell AS old_value,
        lag(unit) OVER cell AS old_unit,
        lag(obs_status) OVER cell AS old_status,
        lag(source_symbol) OVER cell AS old_symbol,
        lag(vintage) OVER cell AS old_vintage,
        unit = lag(unit) OVER cell AND unit_mult = lag(unit_mult) OVER cell AS same_unit
    FROM ${base}_history
    WINDOW cell AS (
        PARTITION BY ref_area, category, time_period, dataset${dimensions}
        ORDER BY realtime_start, vintage
    )
) AS revised
JOIN ${base}_category AS category
    ON category.dataset = revised.dataset AND category.category = revised.category
JOIN ${base}_area AS area ON area.ref_area = revised.ref_area
WHERE revised.old_vintage IS NOT NULL
  AND (
      revised.value IS DISTINCT FROM revised.old_value
      OR NOT revised.same_unit
      OR revised.obs_status <> revised.old_status
      OR revised.source_symbol IS DISTINCT FROM revised.old_symbol
  )
