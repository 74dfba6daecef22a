-- The areas, as their latest figures describe them.
WITH described AS (
    SELECT
        ref_area, geo_name, geo_level, geo_fips, iso_3166,
        realtime_end AS last_day,
        max(realtime_start) AS last_release, max(vintage) AS last_vintage
    FROM ${source}
    GROUP BY ref_area, geo_name, geo_level, geo_fips, iso_3166, realtime_end
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY ref_area
            ORDER BY last_day DESC, last_release DESC, last_vintage DESC, geo_name, geo_level, geo_fips, iso_3166
        ) AS recency
    FROM described
)
SELECT
    ref_area,
    geo_name AS area_name,
    geo_level,
    geo_fips,
    -- Agencies fill the code of a state up to that of a county; maps have two digits.
    CASE
        WHEN geo_level = 'state' AND geo_fips SIMILAR TO '[0-9][0-9]000|[0-9][0-9]' THEN left(geo_fips, 2)
    END AS state_fips,
    iso_3166
FROM ranked
WHERE recency = 1
