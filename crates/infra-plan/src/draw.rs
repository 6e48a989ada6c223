//! Graphs as DOT, Mermaid and SVG.
