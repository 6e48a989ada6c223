//! Values, kinds, addresses, graph, diff, planner and checker.
