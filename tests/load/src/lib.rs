//! Open-loop load generator and the benchmarks behind make bench.
