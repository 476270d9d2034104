"""One message's journey: every trace that it left, from the webhook or the send request to the browser."""

from panels import TraceQuery, dashboard, row, table, text, trace, typed

UID = "waypost-journey"

HELP = """Put a message's id into **Message**: the one that the send API answered, that `waypost message list` and the inbox show, or \
that an event carries. Choose a trace in the first table, and it opens below. A message that was sent has one trace for its sending \
and one for each status webhook about it; the second table finds those that link to the chosen one."""

# A click on a trace opens it on this page: people who may only look cannot explore.
OPEN = [
    {
        "matcher": {"id": "byName", "options": "traceID"},
        "properties": [
            {
                "id": "links",
                "value": [
                    {
                        "title": "Open below",
                        "url": f"/d/{UID}?var-message=${{message}}&var-trace=${{__value.raw}}&${{__url_time_range}}",
                        "targetBlank": False,
                    }
                ],
            }
        ],
    }
]


def build():
    variables = [
        typed("message", "Message", "Our id of a message: a UUID."),
        typed("trace", "Trace", "The id of a trace: 32 hexadecimal digits. A click in a table fills it in."),
    ]
    return dashboard(UID, "Waypost: one message's journey", __doc__.strip(), panels(), variables, span="now-6h", refresh="")


def panels():
    return [
        text("How to use this page", "What to fill in, and where to find it.", HELP),
        row("The message"),
        table(
            "Its traces",
            "Traces with a span about this message.",
            [TraceQuery('{ span.messaging.message.id = "$message" }')],
            "none",
            overrides=OPEN,
        ),
        table(
            "What links to the chosen trace",
            "Traces with a span that links to the chosen one: the batch that stored a webhook, the status webhooks of a message that was sent.",
            [TraceQuery('{ link:traceID = "$trace" }')],
            "none",
            overrides=OPEN,
        ),
        trace("The chosen trace", "Every span of the chosen trace.", TraceQuery("$trace", by_id=True)),
        row("When there is no id"),
        table(
            "Latest webhooks",
            "Webhooks that came in lately.",
            [TraceQuery('{ name = "POST /webhook" }')],
            "none",
            width=8,
            overrides=OPEN,
        ),
        table(
            "Failed",
            "Traces with a span that failed. These are kept whatever the sampling.",
            [TraceQuery('{ resource.service.name =~ "waypost.*" && status = error }')],
            "none",
            width=8,
            overrides=OPEN,
        ),
        table(
            "Slow",
            "Traces in which a single step took more than two seconds. These are kept whatever the sampling.",
            [TraceQuery('{ resource.service.name =~ "waypost.*" && duration > 2s }')],
            "none",
            width=8,
            overrides=OPEN,
        ),
    ]
