"""What each business number sends: how much, how fast it may, and what keeps it from sending."""

from panels import Query, dashboard, figure, from_label, lines, quantiles, rate, row, states, table

UID = "waypost-outbound"
BREAKER = {0: ("closed", "green"), 1: ("half open", "orange"), 2: ("open", "red")}
CHOSEN = '{number=~"$number"}'


def build():
    number = from_label("number", "Number", "waypost_attempts_total", "number", "Meta's phone_number_id of a business number.")
    return dashboard(UID, "Waypost: outbound by number", __doc__.strip(), now() + numbers() + limits() + meta(), [number])


def now():
    done = 'sum(rate(waypost_attempts_total{number=~"$number", class="done"}[$__rate_interval]))'
    return [
        row("Now"),
        figure("Sent", "Messages of the chosen numbers that Meta took, a second.", Query(done), "reqps", width=6),
        figure(
            "Taken at the first look",
            "Share of attempts that Meta took.",
            Query(f"{done} / sum(rate(waypost_attempts_total{CHOSEN}[$__rate_interval]))"),
            "percentunit",
            width=6,
        ),
        figure(
            "Waiting",
            "Messages of the chosen numbers that wait.",
            Query('sum(max by (number, state) (waypost_number_entries{number=~"$number", state="waiting"}))'),
            "short",
            width=6,
        ),
        figure(
            "Numbers stopped",
            "Numbers that send nothing until somebody acts; `waypost number list` names them.",
            Query("max(waypost_numbers_stopped)"),
            "none",
            bad=1,
            width=6,
        ),
    ]


def numbers():
    return [
        row("By number"),
        lines(
            "Attempts by number",
            "Requests to the Graph API a second.",
            [Query(rate("waypost_attempts_total", "number", CHOSEN), "{{number}}")],
            "reqps",
            width=12,
        ),
        lines(
            "Verdicts",
            "Requests to the Graph API a second by verdict, of the chosen numbers.",
            [Query(rate("waypost_attempts_total", "class", CHOSEN), "{{class}}")],
            "reqps",
            width=12,
            stacked=True,
        ),
        lines(
            "Messages by state",
            "What the messages of the chosen numbers do.",
            [Query(f"sum by (state) (max by (number, state) (waypost_number_entries{CHOSEN}))", "{{state}}")],
            "short",
            width=12,
            stacked=True,
        ),
        table(
            "Largest backlogs",
            "The ten numbers with most messages waiting.",
            [
                Query(
                    'topk(10, max by (number) (waypost_number_entries{number=~"$number", state="waiting"}))', None, instant=True
                )
            ],
            "short",
        ),
    ]


def limits():
    return [
        row("What holds them up"),
        lines(
            "Rate allowed",
            "Messages a second that each number may send at present. It falls when Meta says that a number is too fast, and climbs again.",
            [Query(f"max by (number) (waypost_limiter_rate{CHOSEN})", "{{number}}")],
            "reqps",
            width=12,
        ),
        states(
            "Circuit breaker",
            "Open: Meta fails for this number, and nothing is sent but a probe.",
            Query(f"max by (number) (waypost_breaker_state{CHOSEN})", "{{number}}"),
            BREAKER,
        ),
        lines(
            "Waits for a limit",
            "Times a second that a message had to wait for a limit, by which one.",
            [Query(rate("waypost_limiter_waits_total", "limit"), "{{limit}}")],
            "ops",
            width=12,
        ),
        lines(
            "Unknown and held",
            "Messages of all numbers of which nobody knows whether Meta has them; `waypost message list --state held` names them.",
            [Query('sum(queue_state:waypost_queue_entries:sum{queue="outbox", state="parked"})', "messages")],
            "short",
            width=12,
        ),
    ]


def meta():
    return [
        row("Meta"),
        lines(
            "Errors by code",
            "Errors that Meta answered with a second, by its code.",
            [Query(rate("waypost_attempt_errors_total", "code"), "{{code}}")],
            "ops",
            width=12,
        ),
        lines("Graph API", "How long Meta takes to answer.", quantiles("waypost_attempt_duration_seconds"), "s", width=12),
        lines(
            "Sent to delivered",
            "From sent to delivered, by Meta's own clock.",
            quantiles("waypost_delivered_latency_seconds"),
            "s",
            width=12,
        ),
        lines(
            "Given up",
            "Messages given up in the last hour, by why.",
            [Query("sum by (class) (increase(waypost_dead_letters_total[1h]))", "{{class}}")],
            "short",
            width=12,
        ),
    ]
