#!/usr/bin/env bash
# Checks all that deploys Waypost, for real as far as that goes without a cluster and without a container engine: see README.md.
#
#     deploy/check/deploy.sh
#
# Custom resources are checked against their definitions where WAYPOST_SCHEMAS names a folder with those; else a line says that
# they were not.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
out=$root/target/check
rm -rf "$out"
mkdir -p "$out"

python=$here/python.sh
failed=()

# Runs one check; all of them run, and what failed is told at the end as well.
step() {
    local name=$1
    shift
    # Beside, and then waited for: inside of a condition bash would go on after a command that fails.
    (set -e && "$@") >"$out/log" 2>&1 &
    if wait $!; then
        printf 'ok    %s\n' "$name"
        # What was left out, and the last line, which says what was looked at.
        grep '^SKIP' "$out/log" | sed 's/^/      /' || true
        grep -v '^SKIP\|^ *$' "$out/log" | tail -n 1 | cut -c 1-160 | sed 's/^ */      /' || true
    else
        printf 'FAIL  %s\n' "$name"
        sed 's/^/      /' "$out/log"
        failed+=("$name")
    fi
}

kustomize_build() {
    if command -v kustomize >/dev/null; then
        kustomize build "$1"
    else
        kubectl kustomize "$1"
    fi
}

# The development overlay makes secrets beside it, so this happens in a copy.
build() {
    mkdir -p "$out/tree/deploy"
    cp -r k8s "$out/tree/"
    cp -r deploy/redis deploy/grafana deploy/compose "$out/tree/deploy/"
    rm -rf "$out/tree/k8s/overlays/dev/secrets"
    sh "$out/tree/k8s/overlays/dev/secrets.sh"
    local overlay
    for overlay in "$out"/tree/k8s/overlays/*/; do
        overlay=$(basename "$overlay")
        kustomize_build "$out/tree/k8s/overlays/$overlay" >"$out/$overlay.yaml"
        echo "$overlay: $(grep -c '^kind:' "$out/$overlay.yaml") objects"
    done
    # What no overlay uses must be whole as well.
    mkdir -p "$out/tree/k8s/overlays/numbers"
    printf 'resources: [../../base]\ncomponents: [../../components/numbers]\n' >"$out/tree/k8s/overlays/numbers/kustomization.yaml"
    kustomize_build "$out/tree/k8s/overlays/numbers" | grep -q WAYPOST_NUMBERS_FILE
}

validate() {
    "$python" --program kubernetes-validate --strict -k 1.37.0 "$out/$1.yaml" >"$out/validate" 2>&1 || { cat "$out/validate"; return 1; }
    # An unknown kind only warns. Those of custom resources are checked by manifests.py.
    if grep -v 'ServiceMonitor\|PrometheusRule\|ScaledObject' "$out/validate" | grep -q '^WARN'; then
        grep '^WARN' "$out/validate"
        return 1
    fi
    echo "$(grep -c '^INFO' "$out/validate") objects fit Kubernetes 1.37 strictly"
}

together() {
    "$python" "$here/manifests.py" "$out/$1.yaml" | tee "$out/together"
    if grep -q record "$out/$1.queries.yml"; then
        promtool check rules "$out/$1.queries.yml"
    fi
    tail -n 1 "$out/together"
}

checkov_of() {
    "$python" --program checkov --config-file "$here/checkov.yaml" -f "$out/$1.yaml" >"$out/checkov" 2>&1 || { cat "$out/checkov"; return 1; }
    grep 'Passed checks' "$out/checkov"
}

compose_config() {
    "$python" --program docker-compose --env-file /dev/null -f docker-compose.yml --profile sandbox config --format json
}

compose_check() {
    compose_config >"$out/compose.json"
    "$python" "$here/compose.py" <"$out/compose.json"
}

compose_lint() {
    "$python" --program compose-lint check --config "$here/compose-lint.yml" --strict-config --no-env --skip-suppressed --fail-on low docker-compose.yml
}

dashboards() {
    "$python" deploy/grafana/build.py --check
    "$python" "$here/dashboards.py" "$out"
}

dashboard_queries() {
    promtool check rules "$out/promql.yml"
    "$here/grafana.sh" traceql <"$out/traceql.json"
    echo "every query is PromQL or TraceQL"
}

dashboard_types() {
    "$here/grafana.sh" types "$out/dashboards.ts"
    echo "every page and panel is of Grafana's own types"
}

sboms() {
    mkdir -p "$out/sbom"
    local program
    while read -r program; do
        sh deploy/image/sbom.sh "$program" >"$out/sbom/$program.cdx.json"
    done <deploy/image/programs
    "$python" "$here/sbom.py" "$out"/sbom/*.json
}

# An image's dependencies are built from this, so cargo must take it for the same workspace.
skeleton() {
    sh deploy/image/skeleton.sh "$root" "$out/skeleton"
    (cd "$out/skeleton" && cargo metadata --locked --format-version 1 >/dev/null)
    echo "the skeleton is a workspace with the same lock file"
}

scripts() {
    local files
    mapfile -t files < <(find deploy k8s -name '*.sh' -not -path '*/secrets/*' | sort)
    shellcheck "${files[@]}"
    echo "${#files[@]} scripts"
}

"$here/tools.sh"
if ! command -v kustomize >/dev/null && ! command -v kubectl >/dev/null; then
    echo "kubectl or kustomize is missing, which builds the manifests: install one of them (https://kubectl.docs.kubernetes.io)." >&2
    exit 1
fi

step "kustomize builds every overlay" build
for overlay in k8s/overlays/*/; do
    overlay=$(basename "$overlay")
    step "$overlay: schemas of Kubernetes" validate "$overlay"
    step "$overlay: objects fit together" together "$overlay"
    step "$overlay: checkov" checkov_of "$overlay"
done
step "Prometheus: configuration" promtool check config deploy/prometheus/prometheus.yml
step "Prometheus: rules" promtool check rules deploy/prometheus/rules/*.yml
step "Prometheus: cases of every alert" promtool test rules deploy/prometheus/tests/*.yml
step "Prometheus: runbook, cases, metrics" "$python" "$here/rules.py"
step "Grafana: dashboards" dashboards
step "Grafana: queries" dashboard_queries
step "Grafana: types" dashboard_types
step "collector, Tempo, data sources" "$python" "$here/telemetry.py"
step "compose: what it resolves to" compose_check
step "compose: lint" compose_lint
step "Dockerfile: lint" "$python" --program hadolint deploy/Dockerfile
step "images: skeleton" skeleton
step "images: bills of material" sboms
step "scripts" scripts
step "the checks themselves" "$python" "$here/selftest.py" "$out"

if [ ${#failed[@]} -gt 0 ]; then
    printf '%d checks failed:\n' "${#failed[@]}" >&2
    printf '    %s\n' "${failed[@]}" >&2
    exit 1
fi
