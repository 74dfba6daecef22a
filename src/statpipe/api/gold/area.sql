-- The areas, as their latest figures describe them.
WITH described AS (
    SELECT
        ref_area, geo_name, geo_level, geo_fips,
        max(realtime_end) AS last_day, max(realtime_start) AS last_release
    FROM ${source}
    GROUP BY ref_area, geo_name, geo_level, geo_fips
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY ref_area
            ORDER BY last_day DESC, last_release DESC, geo_name, geo_level, geo_fips
        ) AS recency
    FROM described
)
SELECT ref_area, geo_name AS area_name, geo_level, geo_fips FROM ranked WHERE recency = 1
