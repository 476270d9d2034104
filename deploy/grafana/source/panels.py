"""Panels, and where they stand on a page: the few kinds that our dashboards use, as Grafana stores them."""

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
TEMPO = {"type": "tempo", "uid": "tempo"}

# Grafana's grid is 24 wide.
WIDTH = 24


class Query:
    """PromQL, and what a series of it is called."""

    def __init__(self, expr, legend="__auto", instant=False):
        self.expr = expr
        self.legend = legend
        self.instant = instant

    def target(self, ref):
        return {
            "refId": ref,
            "datasource": PROMETHEUS,
            "editorMode": "code",
            "expr": self.expr,
            "legendFormat": self.legend,
            "instant": self.instant,
            "range": not self.instant,
            **({"format": "table"} if self.instant and self.legend is None else {}),
        }


class TraceQuery:
    """TraceQL, or the id of a trace."""

    def __init__(self, query, by_id=False):
        self.query = query
        self.by_id = by_id

    def target(self, ref):
        return {
            "refId": ref,
            "datasource": TEMPO,
            "queryType": "traceql",
            "query": self.query,
            "limit": 20,
            **({} if self.by_id else {"tableType": "traces"}),
        }


def panel(kind, title, description, queries, unit, width, height, options, defaults=None, overrides=(), custom=None):
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": TEMPO if any(isinstance(query, TraceQuery) for query in queries) else PROMETHEUS,
        "targets": [query.target(chr(ord("A") + at)) for at, query in enumerate(queries)],
        "fieldConfig": {
            "defaults": {"unit": unit, "custom": custom or {}, **(defaults or {})},
            "overrides": list(overrides),
        },
        "options": options,
        "gridPos": {"w": width, "h": height},
    }


def lines(title, description, queries, unit, width=8, stacked=False, **defaults):
    """Values over time."""
    custom = {
        "lineWidth": 1,
        "fillOpacity": 20 if stacked else 6,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, description, queries, unit, width, 8, options, {"min": 0, **defaults}, custom=custom)


def figure(title, description, query, unit, bad=None, warn=None, width=4):
    """One value now; green, and from `warn` and `bad` on orange and red."""
    steps = [{"color": "green", "value": None}]
    if warn is not None:
        steps.append({"color": "orange", "value": warn})
    if bad is not None:
        steps.append({"color": "red", "value": bad})
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
    }
    defaults = {"thresholds": {"mode": "absolute", "steps": steps}, "noValue": "none"}
    return panel("stat", title, description, [query], unit, width, 4, options, defaults)


def states(title, description, query, words, width=12):
    """What something was at each time; `words` says what a number means and in which colour."""
    mapping = {
        "type": "value",
        "options": {str(number): {"text": text, "color": color, "index": number} for number, (text, color) in words.items()},
    }
    options = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.9,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 70, "lineWidth": 0}
    return panel(
        "state-timeline", title, description, [query], "none", width, 8, options, {"mappings": [mapping]}, custom=custom
    )


def table(title, description, queries, unit, width=12, overrides=(), height=8):
    """Rows now."""
    options = {"showHeader": True, "cellHeight": "sm"}
    return panel(
        "table", title, description, queries, unit, width, height, options, overrides=overrides, custom={"align": "auto"}
    )


def trace(title, description, query, height=18):
    """One trace, as a tree of spans."""
    return panel("traces", title, description, [query], "none", WIDTH, height, {})


def text(title, description, content, width=WIDTH, height=4):
    """Words for the reader."""
    found = panel("text", title, description, [], "none", width, height, {"mode": "markdown", "content": content})
    del found["targets"]
    return found


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}


def place(panels):
    """Gives each its number and its place: from left to right, and below when a line is full."""
    x = y = tallest = 0
    for number, each in enumerate(panels, start=1):
        grid = each["gridPos"]
        if x + grid["w"] > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        grid.update({"x": x, "y": y})
        each["id"] = number
        x, tallest = x + grid["w"], max(tallest, grid["h"])
    return panels


def dashboard(uid, title, description, panels, variables=(), span="now-1h", refresh="10s"):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["waypost"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": refresh,
        "time": {"from": span, "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "Waypost",
                "tags": ["waypost"],
                "asDropdown": True,
                "includeVars": False,
                "keepTime": True,
                "targetBlank": False,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }
        ],
        "annotations": {"list": [ALERTS]},
        "templating": {"list": list(variables)},
        "panels": place(panels),
    }


# When something fired, on every graph.
ALERTS = {
    "name": "Alerts",
    "datasource": PROMETHEUS,
    "enable": True,
    "hide": False,
    "iconColor": "red",
    "target": {"refId": "Anno", "expr": 'ALERTS{alertname=~"Waypost.*", alertstate="firing"}', "interval": "30s"},
}


def from_label(name, label, metric, values, description):
    """A variable with the values of a metric's label."""
    return {
        "name": name,
        "label": label,
        "description": description,
        "type": "query",
        "datasource": PROMETHEUS,
        "query": {"refId": "A", "qryType": 1, "query": f"label_values({metric}, {values})"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [],
        "hide": 0,
    }


def typed(name, label, description):
    """A variable that somebody types."""
    return {
        "name": name,
        "label": label,
        "description": description,
        "type": "textbox",
        "query": "",
        "current": {"text": "", "value": ""},
        "options": [{"text": "", "value": "", "selected": True}],
        "hide": 0,
    }


def quantiles(metric, by="", match=""):
    """Median, 95th and 99th percentile of a histogram."""
    labels = f"le, {by}" if by else "le"
    name = f"{{{{{by}}}}} " if by else ""
    return [
        Query(f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{match}[$__rate_interval])))", f"{name}{word}")
        for q, word in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
    ]


def rate(metric, by="", match=""):
    """Events a second, by a label."""
    if not by:
        return f"sum(rate({metric}{match}[$__rate_interval]))"
    return f"sum by ({by}) (rate({metric}{match}[$__rate_interval]))"
