"""A starter dashboard: `marimo run dashboards/overview.py` opens it in a browser.

It reads the published database (`BEHAVIORAL_DB`) and shows groups only; small ones are hidden by the
rules of the build. Copy it to start your own: a cell is plain Python.
"""

import marimo

app = marimo.App(width="medium", app_title="Behavioral enrichment")


@app.cell
def read_the_published_build():
    import sys
    from pathlib import Path

    from marimo import Html, md, ui, vstack

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
    from enrichment import audit, contracts
    from enrichment.database import Database, Query
    from enrichment.disclosure import shown_mart

    audit.begin("dashboard")
    with Database() as database:
        (build,) = database.records(
            Query(f"select * from {database.relation('marts', 'build_info')} limit 1")
        )

        def read(name, order):
            """The rows of a mart that may be shown, in an order."""
            contract = contracts.relation("marts", name)
            return sorted(database.records(shown_mart(database, contract)), key=order)

        coverage = read("coverage", lambda row: (row["state"], row["step_number"]))
        weeks = read("engagement_health_weekly", lambda row: row["week_start"])
        clients = read("client_affinity", lambda row: row["affinity_rank"])
        funnels = read(
            "funnels", lambda row: (row["funnel"], row["entry_month"], row["step_number"])
        )
        segments = read("segment_overview", lambda row: row["segment"])
        goals = read("success_metrics", lambda row: row["metric"])
        audit.before_handing_out(rows=database.rows_read)
    return (
        *(Html, build, clients, contracts, coverage, funnels, goals),
        *(md, segments, ui, vstack, weeks),
    )


@app.cell
def say_what_it_is_of(build, md):
    md(
        f"# Overview\n\nAs of **{build['as_of_date']}**. Groups of too few people are hidden. "
        "Every column is explained in `docs/metrics.md`."
    )
    return


@app.cell
def choose_columns(contracts, md, ui, vstack):
    def shown(mart, rows, columns):
        """A table of some columns of a mart, under the mart's question."""
        chosen = [{name: row[name] for name in columns} for row in rows]
        heading = md(f"## {contracts.relation('marts', mart).question}")
        return vstack([heading, ui.table(chosen, selection=None, page_size=12)])

    return (shown,)


@app.cell
def reach(coverage, shown):
    reach_table = shown("coverage", coverage, ["state", "step", "people", "share"])
    reach_table
    return (reach_table,)


@app.cell
def health(Html, shown, vstack, weeks):
    from enrichment.web import plots

    complete = [row for row in weeks if row["is_complete_week"]]
    lines = [
        Html(
            plots.weeks(
                name,
                [
                    plots.Week(row["week_start"], row[name], row[f"{name}_status"])
                    for row in complete
                ],
            )
        )
        for name in ("open_rate", "click_rate", "unsub_rate")
    ]
    columns = ["week_start", "active_contacts", "sends", "open_rate", "click_rate", "unsub_rate"]
    health_table = vstack([shown("engagement_health_weekly", complete[::-1], columns), *lines])
    health_table
    return (health_table,)


@app.cell
def affinity(clients, shown):
    affinity_table = shown(
        "client_affinity",
        clients,
        [
            *("affinity_rank", "client_shortname", "unique_contacts", "sends", "unique_open_rate"),
            *("unique_click_rate", "affinity_score_adjusted"),
        ],
    )
    affinity_table
    return (affinity_table,)


@app.cell
def funnel(funnels, shown):
    last = {row["funnel"]: row["entry_month"] for row in funnels}
    funnel_table = shown(
        "funnels",
        [row for row in funnels if row["entry_month"] == last[row["funnel"]]],
        ["funnel", "entry_month", "step", "reached", "step_rate", "overall_rate"],
    )
    funnel_table
    return (funnel_table,)


@app.cell
def segment_list(segments, shown):
    segment_table = shown(
        "segment_overview",
        segments,
        ["segment", "name", "status", "people", "share_of_file", "engagement_rate", "advice"],
    )
    segment_table
    return (segment_table,)


@app.cell
def goal_list(goals, shown):
    goal_table = shown("success_metrics", goals, ["metric", "target", "measured", "is_met"])
    goal_table
    return (goal_table,)


if __name__ == "__main__":
    app.run()
