//! Listeners: events to terminal, plain lines, JSON lines and HTML.
