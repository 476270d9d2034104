//! Turns inbox entries into rows and events: take, parse, persist, publish, settle.
