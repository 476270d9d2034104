"""The way of everything, on one page: what comes in, what goes out, how long it takes, and how the processes are."""

from panels import Query, dashboard, figure, lines, quantiles, rate, row

UID = "waypost-overview"


def build():
    return dashboard(
        UID, "Waypost: overview", __doc__.strip(), now() + webhooks() + rows() + sending() + realtime() + admin() + processes()
    )


def now():
    return [
        row("Now"),
        figure(
            "Webhooks taken",
            "Webhooks answered with 200, a second.",
            Query(rate("waypost_webhooks_total", match='{result=~"accepted|spooled"}')),
            "reqps",
        ),
        figure(
            "Webhooks refused",
            "Share of webhooks answered 503 in the last five minutes. Meta sends them again.",
            Query('sum(result:waypost_webhooks:rate5m{result="unavailable"}) / sum(result:waypost_webhooks:rate5m)'),
            "percentunit",
            bad=0.01,
            warn=0.001,
        ),
        figure(
            "Sent", "Messages that Meta took, a second.", Query(rate("waypost_attempts_total", match='{class="done"}')), "reqps"
        ),
        figure(
            "Webhook to row",
            "Within this time 99 in 100 webhooks of the last five minutes were in Postgres, from the 200 on.",
            Query("waypost_committed_latency_seconds:p99_5m"),
            "s",
            bad=120,
            warn=10,
        ),
        figure(
            "Message to Meta",
            "Within this time 99 in 100 messages of the last five minutes were with Meta, from the 202 or their time on.",
            Query("waypost_sent_latency_seconds:p99_5m"),
            "s",
            bad=600,
            warn=60,
        ),
        figure(
            "Alerts",
            "Alerts that fire. docs/RUNBOOK.md has a section for each.",
            Query('count(ALERTS{alertname=~"Waypost.*", alertstate="firing"}) or vector(0)'),
            "none",
            bad=1,
        ),
    ]


def webhooks():
    return [
        row("Webhooks in: ingress"),
        lines(
            "Webhooks",
            "Webhooks a second, by how they were answered.",
            [Query(rate("waypost_webhooks_total", "result"), "{{result}}")],
            "reqps",
            stacked=True,
        ),
        lines("Answer", "From the head of a webhook to its answer.", quantiles("waypost_webhook_duration_seconds"), "s"),
        lines("Bytes", "Bytes of webhooks taken, a second.", [Query(rate("waypost_webhook_bytes_total"), "bodies")], "Bps"),
        lines(
            "Redis acknowledges",
            "How long Redis took to acknowledge a group of entries.",
            quantiles("waypost_enqueue_duration_seconds"),
            "s",
        ),
        lines(
            "Group",
            "Entries that go to Redis in one command, on average. It grows with the load.",
            [
                Query(
                    "sum(rate(waypost_enqueue_group_entries_sum[$__rate_interval])) / sum(rate(waypost_enqueue_group_entries_count[$__rate_interval]))",
                    "entries",
                )
            ],
            "short",
        ),
        lines(
            "Spool",
            "Webhooks that lie on an ingress' disk because Redis is away. Empty where no spool is set up.",
            [Query("sum by (instance) (waypost_spool_records)", "{{instance}}")],
            "short",
        ),
    ]


def rows():
    return [
        row("Webhooks and facts to rows: worker"),
        lines(
            "Items",
            "Messages, statuses and other updates handled a second.",
            [Query(rate("waypost_items_total", "kind, result"), "{{kind}} {{result}}")],
            "ops",
            stacked=True,
        ),
        lines(
            "Accepted to committed",
            "From the answer to a webhook to the commit of its rows.",
            quantiles("waypost_committed_latency_seconds"),
            "s",
        ),
        lines(
            "Batches",
            "Batches a second, by what became of them.",
            [Query(rate("waypost_batches_total", "result"), "{{result}}")],
            "ops",
            stacked=True,
        ),
        lines(
            "Stages",
            "How long the stages of a batch take, 95th percentile.",
            [
                Query(
                    "histogram_quantile(0.95, sum by (le, stage) (rate(waypost_batch_duration_seconds_bucket[$__rate_interval])))",
                    "{{stage}}",
                )
            ],
            "s",
        ),
        lines(
            "Duplicates",
            "Duplicates a second, by what recognised them.",
            [Query(rate("waypost_dedup_total", "level"), "{{level}}")],
            "ops",
        ),
        lines(
            "Given up",
            "Updates that could not be stored, and lie in failed_webhooks, in the last hour.",
            [Query("sum(increase(waypost_failed_webhooks_total[1h]))", "updates")],
            "short",
        ),
    ]


def sending():
    return [
        row("Messages out: send API and dispatcher"),
        lines(
            "Send requests",
            "Messages handed in a second, by how they were answered.",
            [Query(rate("waypost_send_requests_total", "result"), "{{result}}")],
            "reqps",
            stacked=True,
        ),
        lines(
            "Attempts",
            "Requests to the Graph API a second, by verdict.",
            [Query(rate("waypost_attempts_total", "class"), "{{class}}")],
            "reqps",
            stacked=True,
        ),
        lines("Graph API", "How long Meta takes to answer.", quantiles("waypost_attempt_duration_seconds"), "s"),
        lines(
            "Accepted to sent",
            "From the 202, or the time a message was scheduled for, to Meta's taking it.",
            quantiles("waypost_sent_latency_seconds"),
            "s",
        ),
        lines(
            "Sent to delivered",
            "From sent to delivered, by Meta's own clock.",
            quantiles("waypost_delivered_latency_seconds"),
            "s",
        ),
        lines(
            "Send API answers",
            "From the head of a request to the send API to its answer.",
            quantiles("waypost_send_request_duration_seconds"),
            "s",
        ),
    ]


def realtime():
    return [
        row("Events to browsers: realtime"),
        lines(
            "Connections",
            "Browsers connected, by how.",
            [Query("sum by (transport) (waypost_realtime_clients)", "{{transport}}")],
            "short",
            stacked=True,
        ),
        lines(
            "Events",
            "Events read from the stream, and events handed to connections, a second.",
            [
                Query(rate("waypost_realtime_events_total"), "read"),
                Query(rate("waypost_realtime_deliveries_total"), "handed out"),
                Query(rate("waypost_events_published_total"), "published"),
            ],
            "ops",
        ),
        lines(
            "Published to handed out",
            "From an event's being published to its being handed to a connection.",
            quantiles("waypost_realtime_lag_seconds"),
            "s",
        ),
        lines(
            "Connections ended",
            "Connections ended a second, by why.",
            [Query(rate("waypost_realtime_ended_total", "reason"), "{{reason}}")],
            "ops",
        ),
    ]


def admin():
    return [
        row("Admin plane: monitor"),
        lines(
            "Calls",
            "Calls of the admin plane a second, by method.",
            [Query(rate("waypost_rpc_requests_total", "method"), "{{method}}")],
            "reqps",
        ),
        lines(
            "Codes",
            "Calls of the admin plane a second, by how they ended.",
            [Query(rate("waypost_rpc_requests_total", "code"), "{{code}}")],
            "reqps",
        ),
        lines(
            "Duration",
            "How long calls of the admin plane take, 95th percentile.",
            [
                Query(
                    "histogram_quantile(0.95, sum by (le, method) (rate(waypost_rpc_duration_seconds_bucket[$__rate_interval])))",
                    "{{method}}",
                )
            ],
            "s",
        ),
    ]


def processes():
    each = "{{job}} {{instance}}"
    return [
        row("Processes"),
        lines(
            "Instances",
            "Instances that answer, by service.",
            [Query('sum by (job) (up{job=~"waypost.*"})', "{{job}}")],
            "short",
        ),
        lines(
            "CPU",
            "Cores in use.",
            [Query('sum by (job, instance) (rate(process_cpu_seconds_total{job=~"waypost.*"}[$__rate_interval]))', each)],
            "short",
        ),
        lines(
            "Memory",
            "Memory in RAM.",
            [Query('sum by (job, instance) (process_resident_memory_bytes{job=~"waypost.*"})', each)],
            "bytes",
        ),
        lines(
            "Busy",
            "Part of their time that the runtime's threads work. Close to 1 a process needs more CPU.",
            [Query("max by (job, instance) (waypost_tokio_busy_ratio)", each)],
            "percentunit",
            max=1,
        ),
        lines(
            "Tasks",
            "Tasks of the runtime that are not done.",
            [Query("sum by (job, instance) (waypost_tokio_tasks)", each)],
            "short",
        ),
        lines(
            "Open files",
            "Share of the files and sockets that a process may have open.",
            [Query('max by (job, instance) (process_open_fds{job=~"waypost.*"} / process_max_fds)', each)],
            "percentunit",
            max=1,
        ),
        lines(
            "Errors of Redis and Postgres",
            "Commands and statements a second that failed.",
            [
                Query(rate("waypost_redis_errors_total", "job"), "Redis {{job}}"),
                Query(rate("waypost_postgres_errors_total", "job"), "Postgres {{job}}"),
            ],
            "ops",
        ),
        lines(
            "Postgres pool",
            "Connections by what they do; `waiting` are tasks that want one.",
            [Query("sum by (job, state) (waypost_postgres_pool)", "{{job}} {{state}}")],
            "short",
        ),
        lines(
            "Telemetry dropped",
            "Spans and data points a second that did not reach the collector.",
            [Query(rate("waypost_telemetry_dropped_total", "job, signal"), "{{job}} {{signal}}")],
            "ops",
        ),
        lines(
            "Running for",
            "How long each process has been running. A saw tooth is a process that dies.",
            [Query("max by (job, instance) (waypost_up_seconds)", each)],
            "s",
        ),
        lines(
            "Versions",
            "Instances by version.",
            [Query("count by (version) (waypost_build_info)", "{{version}}")],
            "short",
            stacked=True,
        ),
    ]
