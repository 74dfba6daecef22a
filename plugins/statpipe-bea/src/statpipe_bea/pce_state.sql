-- The latest figure of every cell, with names, place in the hierarchy and units.
-- Reads every vintage of every table; a cell that a later vintage does not hold keeps its last figure.
WITH RECURSIVE ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY category, ref_area, time_period ORDER BY vintage DESC
        ) AS recency
    FROM bea_pce_state
),
latest AS (
    SELECT * FROM ranked WHERE recency = 1
),
newest AS (
    SELECT category, max(vintage) AS vintage FROM latest GROUP BY category
),
categories AS (
    SELECT DISTINCT
        latest.category, latest.category_name, latest.parent_category, latest.sign
    FROM latest
    JOIN newest ON newest.category = latest.category AND newest.vintage = latest.vintage
),
tree AS (
    SELECT category, category_name AS path, 0 AS depth
    FROM categories
    WHERE parent_category IS NULL
       OR parent_category NOT IN (SELECT category FROM categories)
    UNION ALL
    SELECT categories.category, tree.path || ' > ' || categories.category_name, tree.depth + 1
    FROM categories
    JOIN tree ON tree.category = categories.parent_category
)
SELECT
    latest.ref_area,
    latest.time_period,
    latest.category,
    latest.dataset,
    CAST(split_part(latest.category, ':', 2) AS BIGINT) AS line,
    latest.geo_name AS area_name,
    latest.geo_level,
    latest.geo_fips,
    CAST(latest.time_period AS BIGINT) AS year,
    latest.category_name,
    latest.parent_category,
    CAST(latest.sign AS BIGINT) AS sign,
    CAST(tree.depth AS BIGINT) AS category_depth,
    tree.path AS category_path,
    latest.obs_value AS value,
    latest.unit_measure AS unit,
    CAST(latest.unit_mult AS BIGINT) AS unit_mult,
    latest.obs_status,
    latest.source_symbol,
    latest.notes,
    latest.vintage
FROM latest
JOIN tree ON tree.category = latest.category
