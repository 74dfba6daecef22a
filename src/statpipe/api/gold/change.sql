-- The change from ${before}; where there is none, the reason.
SELECT
    now.ref_area,
    now.time_period,
    now.category,
    now.dataset,
    now.area_name,
    now.geo_level,
    now.category_name,
    now.freq,
    now.period_start,
    now.year,
    now.value,
    before.value AS previous_value,
    CASE
        WHEN before.unit = now.unit AND before.unit_mult = now.unit_mult AND ${difference_fits}
        THEN now.value - before.value
    END AS change,
    CASE
        WHEN before.unit = now.unit AND before.unit_mult = now.unit_mult AND before.value <> 0
            AND ${difference_fits}
        THEN 100 * CAST(now.value - before.value AS DOUBLE PRECISION)
            / abs(before.value_float)
    END AS percent_change,
    CASE
        WHEN now.value IS NULL
        THEN 'no figure for ' || now.time_period || ': ' || coalesce(now.source_symbol, now.obs_status)
${impossible}        WHEN before.time_period IS NULL
        THEN 'nothing published for ${before}'
        WHEN before.value IS NULL
        THEN 'no figure for ' || before.time_period || ': '
            || coalesce(before.source_symbol, before.obs_status)
        WHEN before.unit <> now.unit OR before.unit_mult <> now.unit_mult
        THEN 'the figure for ' || before.time_period || ' is in another unit: ' || before.unit
        WHEN before.value = 0
        THEN 'the figure for ' || before.time_period || ' is zero'
        WHEN NOT (${difference_fits})
        THEN 'the change has more than 20 digits before the point'
    END AS reason,
    now.unit,
    now.unit_mult,
    now.vintage
FROM ${base} AS now
LEFT JOIN ${base} AS before
    ON before.ref_area = now.ref_area
    AND before.category = now.category
    AND before.dataset = now.dataset
    AND before.freq = now.freq
    AND ${counterpart}
WHERE now.freq ${frequencies}
