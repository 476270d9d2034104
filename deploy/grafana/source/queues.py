"""How the queues stand: what waits, since when, how fast it goes, and who takes from them."""

from panels import Query, dashboard, figure, from_label, lines, rate, row, states

UID = "waypost-queues"


def build():
    queue = from_label(
        "queue",
        "Queue",
        "waypost_queue_paused",
        "queue",
        "inbox: webhooks to rows; facts: what became of messages, to rows; outbox: messages to Meta.",
    )
    return dashboard(UID, "Waypost: queues", __doc__.strip(), now() + over_time() + ways(), [queue])


def now():
    return [
        row("Now"),
        figure(
            "Waiting",
            "Entries of the chosen queues that wait for a consumer.",
            Query('sum(queue_state:waypost_queue_entries:sum{queue=~"$queue", state="waiting"})'),
            "short",
            bad=100000,
            warn=10000,
            width=6,
        ),
        figure(
            "Oldest",
            "Age of the oldest entry that waits.",
            Query('max(queue:waypost_queue_oldest_seconds:max{queue=~"$queue"})'),
            "s",
            bad=120,
            warn=30,
            width=6,
        ),
        figure(
            "Being worked on",
            "Entries that a consumer holds.",
            Query('sum(queue_state:waypost_queue_entries:sum{queue=~"$queue", state="active"})'),
            "short",
            width=6,
        ),
        figure(
            "Dead letters",
            "Entries that were given up and lie there still.",
            Query('sum(queue_state:waypost_queue_entries:sum{queue=~"$queue", state="dead"})'),
            "short",
            warn=1,
            width=6,
        ),
    ]


def over_time():
    return [
        row("Depth and age"),
        lines(
            "Entries by state",
            "Entries of each queue by what they do.",
            [Query('queue_state:waypost_queue_entries:sum{queue=~"$queue"}', "{{queue}} {{state}}")],
            "short",
            width=12,
            stacked=True,
        ),
        lines(
            "Oldest entry",
            "Age of the oldest entry that waits. Of messages it is a lower bound where many numbers have work.",
            [Query('queue:waypost_queue_oldest_seconds:max{queue=~"$queue"}', "{{queue}}")],
            "s",
            width=12,
        ),
        lines(
            "Time to drain",
            "Time until a queue is empty if it goes on as in the last minute. A gap means that it does not get shorter.",
            [Query('max by (queue) (waypost_queue_drain_seconds{queue=~"$queue"})', "{{queue}}")],
            "s",
            width=12,
        ),
        lines(
            "Waiting by partition",
            "A partition that stands out has one busy number, or a consumer that hangs.",
            [
                Query(
                    'queue_state_partition:waypost_queue_entries:max{queue=~"$queue", state="waiting"}',
                    "{{queue}} {{partition}}",
                )
            ],
            "short",
            width=12,
        ),
        lines(
            "Consumers",
            "Processes that take from each queue.",
            [Query('queue:waypost_consumers:max{queue=~"$queue"}', "{{queue}}")],
            "short",
        ),
        states(
            "Paused",
            "Whether somebody has paused a queue. `waypost audit` says who.",
            Query('queue:waypost_queue_paused:max{queue=~"$queue"}', "{{queue}}"),
            {0: ("running", "green"), 1: ("paused", "orange")},
            width=16,
        ),
    ]


def ways():
    return [
        row("In and out"),
        lines(
            "Inbox: in and out",
            "Webhooks put into the inbox, and entries taken out of inbox and facts in batches, a second.",
            [
                Query(rate("waypost_webhooks_total", match='{result="accepted"}'), "webhooks in"),
                Query("sum(rate(waypost_batch_entries_sum[$__rate_interval]))", "entries out"),
            ],
            "ops",
            width=12,
        ),
        lines(
            "Outbox: in and out",
            "Messages accepted, and messages that Meta took or refused for good, a second.",
            [
                Query(rate("waypost_send_requests_total", match='{result="accepted"}'), "messages in"),
                Query(rate("waypost_attempts_total", match='{class=~"done|never"}'), "messages out"),
            ],
            "ops",
            width=12,
        ),
        lines(
            "Messages given up",
            "Messages given up in the last hour, by why.",
            [Query("sum by (class) (increase(waypost_dead_letters_total[1h]))", "{{class}}")],
            "short",
        ),
        lines(
            "Retries",
            "Messages put back for another attempt a second, by the verdict of the last one.",
            [Query(rate("waypost_retries_total", "class"), "{{class}}")],
            "ops",
        ),
        lines(
            "Memory of effects",
            "Committed effects that Redis remembers, so that redeliveries do not cost Postgres anything.",
            [Query("max(waypost_memory_ids)", "effects")],
            "short",
        ),
    ]
