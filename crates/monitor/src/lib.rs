//! The admin plane: gRPC, HTTP/JSON over the same code, and the dashboard.
