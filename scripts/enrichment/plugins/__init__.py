"""dbt-duckdb plugins of the project: see `profiles.yml`."""
