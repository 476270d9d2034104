use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use http::HeaderMap;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::span::{Attributes, Span, attributes};

/// What has come.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) spans: Vec<Span>,
    /// The latest of each, by service and name.
    pub(super) metrics: BTreeMap<(String, String), Metric>,
    pub(super) resources: BTreeSet<Attributes>,
    pub(super) credentials: BTreeSet<String>,
    pub(super) texts: Vec<String>,
    /// So many requests with spans are refused first.
    pub(super) refusals: u32,
}

impl State {
    /// Whether they are taken.
    pub(super) fn take_traces(
        &mut self,
        headers: &HeaderMap,
        export: ExportTraceServiceRequest,
    ) -> bool {
        self.note(headers, &export);
        if self.refusals > 0 {
            self.refusals -= 1;
            return false;
        }
        for from in export.resource_spans {
            let service = self.service(from.resource);
            let spans = from.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.spans
                .extend(spans.map(|span| Span::new(&service, span)));
        }
        true
    }

    pub(super) fn take_metrics(
        &mut self,
        headers: &HeaderMap,
        export: ExportMetricsServiceRequest,
    ) {
        self.note(headers, &export);
        for from in export.resource_metrics {
            let service = self.service(from.resource);
            let scopes = from.scope_metrics.into_iter();
            let metrics = scopes.flat_map(|scope| scope.metrics);
            let keyed = metrics.map(|metric| ((service.clone(), metric.name.clone()), metric));
            self.metrics.extend(keyed);
        }
    }

    fn note(&mut self, headers: &HeaderMap, export: &impl Debug) {
        let credential = headers.get("authorization");
        let credential = credential.map_or("", |value| value.to_str().expect("plain text"));
        self.credentials.insert(credential.to_owned());
        self.texts.push(format!("{export:?}"));
    }

    /// The name of the service that a resource is, which every one has.
    fn service(&mut self, resource: Option<Resource>) -> String {
        let attributes = attributes(&resource.expect("a resource").attributes);
        let service = attributes["service.name"].clone();
        self.resources.insert(attributes);
        service
    }
}
