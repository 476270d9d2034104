#!/bin/sh
# Takes OTLP over gRPC and HTTP where the collector does, and prints every span. Its arguments are the collector's, and of no use.
exec rotel-agent start --exporter blackhole --debug-log traces --debug-log-verbosity detailed \
    --otlp-grpc-endpoint 0.0.0.0:4317 --otlp-http-endpoint 0.0.0.0:4318
