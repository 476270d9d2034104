"""Checks the configurations of collector, Tempo and Grafana's data sources as far as that goes without the programs: fields that
they know, parts that are defined and used, and addresses that docker-compose.yml has.
"""

from findings import ROOT, Findings, load

# The fields of those components that we use, in the collector's own names.
OTLP_PROTOCOL = {"endpoint"}
COMPONENTS = {
    "receivers": {"otlp": {"protocols": {"grpc": OTLP_PROTOCOL, "http": OTLP_PROTOCOL}}},
    "processors": {"memory_limiter": {"check_interval", "limit_mib", "spike_limit_mib"}},
    "exporters": {
        "otlp_grpc": {
            "endpoint": None,
            "tls": {"insecure"},
            "sending_queue": {"queue_size": None, "batch": {"flush_timeout", "min_size", "max_size"}},
            "retry_on_failure": {"max_elapsed_time"},
        },
        "nop": {},
    },
}
TEMPO = {
    "server": {"http_listen_port", "grpc_listen_port", "log_level"},
    "distributor": {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint"}, "http": {"endpoint"}}}}},
    "storage": {"trace": {"backend": None, "wal": {"path"}, "local": {"path"}}},
    "overrides": {"defaults": {"compaction": {"block_retention"}, "global": {"max_bytes_per_trace"}}},
    "usage_report": {"reporting_enabled"},
}


def check_fields(findings, where, value, known):
    """`known` is a set of fields, or a dict of them with what they may hold; None for a plain value."""
    if known is None or not isinstance(value, dict):
        findings.unless(not isinstance(value, dict), where, "has fields, and should be a plain value")
        return
    for key, inner in value.items():
        if key not in known:
            findings.say(where, f"{key} is none of {sorted(known)}")
        elif isinstance(known, dict):
            check_fields(findings, f"{where}.{key}", inner, known[key])


def check_collector(findings, compose):
    collector = load("deploy/otel/collector.yaml")
    for section, known in COMPONENTS.items():
        for name, config in collector[section].items():
            kind = name.split("/")[0]
            findings.unless(kind in known, section, f"{name} is none of {sorted(known)}: keep to what every distribution has")
            if kind in known and config:
                check_fields(findings, f"{section}.{name}", config, known[kind])
    used = {section: set() for section in COMPONENTS}
    for name, pipeline in collector["service"]["pipelines"].items():
        for section in COMPONENTS:
            for part in pipeline.get(section, []):
                used[section].add(part)
                findings.unless(part in collector[section], f"pipeline {name}", f"{part} is not defined in {section}")
        findings.unless(
            pipeline.get("processors", [None])[0] == "memory_limiter", f"pipeline {name}", "memory_limiter must come first"
        )
    for section, parts in used.items():
        for part in set(collector[section]) - parts:
            findings.say(section, f"{part} is in no pipeline")
    # Without a pipeline for a signal that services send, they are answered with errors.
    findings.unless({"traces", "metrics"} <= set(collector["service"]["pipelines"]), "pipelines", "want traces and metrics")
    target = collector["exporters"]["otlp_grpc/tempo"]["endpoint"]
    findings.unless(target.split(":")[0] in compose["services"], "exporters", f"no service {target} in docker-compose.yml")


def check_tempo(findings):
    tempo = load("deploy/tempo/tempo.yaml")
    check_fields(findings, "tempo", tempo, TEMPO)
    for path in (tempo["storage"]["trace"]["wal"]["path"], tempo["storage"]["trace"]["local"]["path"]):
        findings.unless(path.startswith("/var/tempo/"), "tempo", f"{path} is not on its volume")


def check_sources(findings, compose):
    for source in load("deploy/grafana/provisioning/datasources/waypost.yml")["datasources"]:
        host, port = source["url"].removeprefix("http://").split(":")
        findings.unless(host in compose["services"], source["name"], f"no service {host} in docker-compose.yml")
        findings.unless(
            (host, port) in {("prometheus", "9090"), ("tempo", "3200")}, source["name"], f"nothing listens on {host}:{port}"
        )


def check_prometheus(findings, compose):
    """Every service of ours is scraped, under the name that the alerts know."""
    jobs = {job["job_name"]: job for job in load("deploy/prometheus/prometheus.yml")["scrape_configs"]}
    for service in ("ingress", "worker", "dispatcher", "realtime", "monitor"):
        job = jobs.get(f"waypost-{service}", {})
        findings.unless(
            job.get("dns_sd_configs", [{}])[0].get("names") == [service],
            "prometheus.yml",
            f"does not scrape {service} as waypost-{service}",
        )
        findings.unless("telemetry" in compose["services"][service]["networks"], service, "Prometheus cannot reach it")


def main():
    findings = Findings("telemetry")
    compose = load("docker-compose.yml")
    check_collector(findings, compose)
    check_tempo(findings)
    check_sources(findings, compose)
    check_prometheus(findings, compose)
    folder = load("deploy/grafana/provisioning/dashboards/waypost.yml")["providers"][0]["options"]["path"]
    mounts = {volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]}
    findings.unless(folder in mounts and (ROOT / "deploy/grafana/dashboards").is_dir(), "grafana", f"{folder} is not mounted")
    findings.exit("collector, Tempo, data sources and scraping fit docker-compose.yml")


if __name__ == "__main__":
    main()
