# A stand-in for the official image of Rust; see standins.sh.
ARG BASE
FROM ${BASE}
ENV PATH=/usr/local/rust/bin:/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY rust /usr/local/rust
COPY cargo /usr/local/cargo
COPY vendor /vendor
