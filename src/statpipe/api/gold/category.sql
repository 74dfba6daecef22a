-- The categories with their place in the hierarchy, as their latest figures describe them.
WITH RECURSIVE described AS (
    SELECT
        dataset, category, category_name, parent_category, sign:dimensions,
        realtime_end AS last_day,
        max(realtime_start) AS last_release, max(vintage) AS last_vintage
    FROM ${source}
    GROUP BY dataset, category, category_name, parent_category, sign:dimensions, realtime_end
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY dataset, category
            ORDER BY last_day DESC, last_release DESC, last_vintage DESC, category_name, parent_category, sign:dimensions
        ) AS recency
    FROM described
),
categories AS (
    SELECT dataset, category, category_name, parent_category, sign:dimensions
    FROM ranked
    WHERE recency = 1
),
tree AS (
    SELECT dataset, category, category AS top_category, CAST(category_name AS TEXT) AS path, 0 AS depth
    FROM categories
    WHERE NOT EXISTS (
        SELECT 1 FROM categories AS parents
        WHERE parents.dataset = categories.dataset AND parents.category = categories.parent_category
    )
    UNION ALL
    SELECT
        categories.dataset, categories.category, tree.top_category,
        tree.path || ' > ' || categories.category_name, tree.depth + 1
    FROM categories
    JOIN tree ON tree.dataset = categories.dataset AND tree.category = categories.parent_category
)
SELECT
    categories.category,
    categories.dataset,
    categories.category_name,
    categories.parent_category,
    CAST(categories.sign AS BIGINT) AS sign,
    -- No figure is lost, though its categories be their own grandparents.
    coalesce(tree.top_category, categories.category) AS top_category,
    CAST(coalesce(tree.depth, 0) AS BIGINT) AS category_depth,
    coalesce(tree.path, categories.category_name) AS category_path:dimensions(categories)
FROM categories
LEFT JOIN tree ON tree.dataset = categories.dataset AND tree.category = categories.category
