//! Nodes as Go prints them inside error messages.

use super::node::{Command, Node, NodeKind, Pipe};

impl Node {
    /// Go's `String()` of an argument, command part or pipeline.
    pub(crate) fn show(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match &self.kind {
            NodeKind::Text(text) => out.extend_from_slice(text),
            NodeKind::Action(pipe) => wrap(out, b"{{", pipe),
            NodeKind::Break => out.extend_from_slice(b"{{break}}"),
            NodeKind::Continue => out.extend_from_slice(b"{{continue}}"),
            NodeKind::If(branch) => wrap(out, b"{{if ", &branch.pipe),
            NodeKind::With(branch) => wrap(out, b"{{with ", &branch.pipe),
            NodeKind::Range(branch) => wrap(out, b"{{range ", &branch.pipe),
            NodeKind::Template { name, pipe } => {
                out.extend_from_slice(b"{{template ");
                out.extend_from_slice(crate::format::quote(name, '"', false).as_bytes());
                if let Some(pipe) = pipe {
                    out.push(b' ');
                    pipe.write(out);
                }
                out.extend_from_slice(b"}}");
            }
            NodeKind::Dot => out.push(b'.'),
            NodeKind::Nil => out.extend_from_slice(b"nil"),
            NodeKind::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
            NodeKind::Number(number) => out.extend_from_slice(&number.text),
            NodeKind::String { quoted, .. } => out.extend_from_slice(quoted),
            NodeKind::Identifier(name) => out.extend_from_slice(name),
            NodeKind::Field(fields) => write_fields(out, fields),
            NodeKind::Variable(parts) => {
                if let Some((name, fields)) = parts.split_first() {
                    out.extend_from_slice(name);
                    write_fields(out, fields);
                }
            }
            NodeKind::Chain { node, fields } => {
                if let NodeKind::Pipe(pipe) = &node.kind {
                    out.push(b'(');
                    pipe.write(out);
                    out.push(b')');
                } else {
                    node.write(out);
                }
                write_fields(out, fields);
            }
            NodeKind::Pipe(pipe) => pipe.write(out),
        }
    }
}

fn wrap(out: &mut Vec<u8>, open: &[u8], pipe: &Pipe) {
    out.extend_from_slice(open);
    pipe.write(out);
    out.extend_from_slice(b"}}");
}

fn write_fields(out: &mut Vec<u8>, fields: &[std::rc::Rc<[u8]>]) {
    for field in fields {
        out.push(b'.');
        out.extend_from_slice(field);
    }
}

impl Pipe {
    pub(crate) fn show(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (index, variable) in self.variables.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(variable);
        }
        if !self.variables.is_empty() {
            out.extend_from_slice(if self.assigns { b" = " } else { b" := " });
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b" | ");
            }
            command.write(out);
        }
    }
}

impl Command {
    pub(crate) fn show(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (index, argument) in self.arguments.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            if let NodeKind::Pipe(pipe) = &argument.kind {
                out.push(b'(');
                pipe.write(out);
                out.push(b')');
            } else {
                argument.write(out);
            }
        }
    }
}
