-- Means over the last three and five years, and compound growth since three and five years ago.
-- Years in another unit are as good as missing. What a reader may filter by is in PARTITION BY, so that
-- a database applies the filter before it sorts; but a year needs those before it.
SELECT
    ref_area,
    time_period,
    category,
    dataset,
    area_name,
    geo_level,
    category_name,
    year,
    value,
    CASE
        WHEN figures_3y = 3 AND rest_3y IS NULL
        THEN CAST(sum_3y AS DOUBLE PRECISION) / 3
        WHEN figures_3y = 3
        THEN (CAST(sum_3y AS DOUBLE PRECISION) + CAST(rest_3y AS DOUBLE PRECISION)) / 3
    END AS mean_3y,
    CASE
        WHEN figures_5y = 5 AND rest_5y IS NULL
        THEN CAST(sum_5y AS DOUBLE PRECISION) / 5
        WHEN figures_5y = 5
        THEN (CAST(sum_5y AS DOUBLE PRECISION) + CAST(rest_5y AS DOUBLE PRECISION)) / 5
    END AS mean_5y,
    CASE
        WHEN value > 0 AND value_3y_ago > 0
        THEN 100 * (power(value_float / value_3y_ago, 1 / CAST(3 AS DOUBLE PRECISION)) - 1)
    END AS growth_3y,
    CASE
        WHEN value > 0 AND value_5y_ago > 0
        THEN 100 * (power(value_float / value_5y_ago, 1 / CAST(5 AS DOUBLE PRECISION)) - 1)
    END AS growth_5y,
    figures_3y,
    figures_5y,
    unit,
    unit_mult,
    vintage
FROM (
    SELECT
        *,
        -- A decimal has room for the exact sum of figures of 19 digits. The whole numbers of larger ones
        -- are added up by themselves, and what stands behind their points with the others.
        sum(CASE WHEN ${is_usual} THEN value ELSE value - trunc(value) END) OVER three AS sum_3y,
        sum(CASE WHEN ${is_usual} THEN value ELSE value - trunc(value) END) OVER five AS sum_5y,
        sum(CASE WHEN NOT (${is_usual}) THEN trunc(value) END) OVER three AS rest_3y,
        sum(CASE WHEN NOT (${is_usual}) THEN trunc(value) END) OVER five AS rest_5y,
        count(value) OVER three AS figures_3y,
        count(value) OVER five AS figures_5y,
        max(value_float) OVER three_ago AS value_3y_ago,
        max(value_float) OVER five_ago AS value_5y_ago
    FROM ${base}
    WHERE freq = 'A'
    WINDOW
        three AS (
            PARTITION BY
                ref_area, category, dataset, unit, unit_mult,
                area_name, geo_level, category_name
            ORDER BY year RANGE BETWEEN 2 PRECEDING AND CURRENT ROW
        ),
        five AS (
            PARTITION BY
                ref_area, category, dataset, unit, unit_mult,
                area_name, geo_level, category_name
            ORDER BY year RANGE BETWEEN 4 PRECEDING AND CURRENT ROW
        ),
        three_ago AS (
            PARTITION BY
                ref_area, category, dataset, unit, unit_mult,
                area_name, geo_level, category_name
            ORDER BY year RANGE BETWEEN 3 PRECEDING AND 3 PRECEDING
        ),
        five_ago AS (
            PARTITION BY
                ref_area, category, dataset, unit, unit_mult,
                area_name, geo_level, category_name
            ORDER BY year RANGE BETWEEN 5 PRECEDING AND 5 PRECEDING
        )
) AS rolled
