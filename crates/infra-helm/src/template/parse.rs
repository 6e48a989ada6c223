//! Tokens to trees, refusing what Go refuses.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    lex::{Kind, Token, lex},
    literal,
    node::{Branch, Command, List, Node, NodeKind, Pipe},
};

/// Deeper nesting of actions or parentheses is refused; Go has no such bound, its stack grows.
const NESTING_LIMIT: usize = 10_000;

/// Why a template was refused, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError(pub(crate) String);

/// The trees of one file by template name.
pub(crate) type Trees = BTreeMap<Rc<[u8]>, List>;

struct Parser<'a> {
    name: &'a [u8],
    tokens: std::vec::IntoIter<Token>,
    buffer: [Token; 3],
    peeked: usize,
    variables: Vec<Vec<u8>>,
    range_depth: usize,
    action_line: usize,
    depth: usize,
    is_function: &'a dyn Fn(&[u8]) -> bool,
    trees: Trees,
}

enum Item {
    Node(Node),
    End,
    Else,
}

impl Item {
    fn show(&self) -> &'static str {
        if matches!(self, Self::End) { "{{end}}" } else { "{{else}}" }
    }
}

type Outcome<T> = Result<T, ParseError>;

/// Parses a file: its own tree under `name` and those it defines.
pub(crate) fn parse(
    name: &[u8],
    text: &[u8],
    is_function: &dyn Fn(&[u8]) -> bool,
) -> Outcome<Trees> {
    let blank = Token { kind: Kind::End, at: 0, line: 0, text: Vec::new() };
    let mut parser = Parser {
        name,
        tokens: lex(text).into_iter(),
        buffer: [blank.clone(), blank.clone(), blank],
        peeked: 0,
        variables: vec![b"$".to_vec()],
        range_depth: 0,
        action_line: 0,
        depth: 0,
        is_function,
        trees: Trees::new(),
    };
    let root = parser.top()?;
    parser.add(Rc::from(name), root)?;
    Ok(parser.trees)
}

/// Whether a tree shows nothing: it does not replace another of its name.
pub(crate) fn is_empty_tree(list: &List) -> bool {
    list.nodes.iter().all(|node| match &node.kind {
        NodeKind::Text(text) => String::from_utf8_lossy(text).trim().is_empty(),
        _ => false,
    })
}

impl Parser<'_> {
    fn fault<T>(&self, message: impl std::fmt::Display) -> Outcome<T> {
        let name = String::from_utf8_lossy(self.name);
        Err(ParseError(format!("template: {name}:{}: {message}", self.buffer[0].line)))
    }

    fn lexed(&mut self) -> Token {
        let last = &self.buffer[0];
        let end = Token { kind: Kind::End, at: last.at, line: last.line, text: Vec::new() };
        self.tokens.next().unwrap_or(end)
    }

    fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.buffer[0] = self.lexed();
        }
        self.buffer[self.peeked].clone()
    }

    fn peek(&mut self) -> Token {
        if self.peeked == 0 {
            self.peeked = 1;
            self.buffer[0] = self.lexed();
        }
        self.buffer[self.peeked - 1].clone()
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn backup_two(&mut self, token: Token) {
        self.buffer[1] = token;
        self.peeked = 2;
    }

    fn backup_three(&mut self, first: Token, second: Token) {
        self.buffer[1] = second;
        self.buffer[2] = first;
        self.peeked = 3;
    }

    fn next_solid(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_solid(&mut self) -> Token {
        let token = self.next_solid();
        self.backup();
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Outcome<Token> {
        let token = self.next_solid();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Outcome<T> {
        if token.kind != Kind::Error {
            return self.fault(format!("unexpected {} in {context}", token.show()));
        }
        let mut extra = String::new();
        if self.action_line != 0 && self.action_line != token.line {
            let name = String::from_utf8_lossy(self.name);
            let action = if token.text.ends_with(b" action") { "" } else { " in action" };
            extra = format!("{action} started at {name}:{}", self.action_line);
        }
        self.fault(format!("{}{extra}", token.show()))
    }

    fn add(&mut self, name: Rc<[u8]>, list: List) -> Outcome<()> {
        match self.trees.get(&name) {
            Some(old) if !is_empty_tree(old) => {
                if !is_empty_tree(&list) {
                    let shown = crate::format::quote(&name, '"', false);
                    return self
                        .fault(format!("template: multiple definition of template {shown}"));
                }
            }
            _ => {
                self.trees.insert(name, list);
            }
        }
        Ok(())
    }

    fn top(&mut self) -> Outcome<List> {
        let mut list = List::default();
        while self.peek().kind != Kind::End {
            if self.peek().kind == Kind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_solid().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup_two(delimiter);
            }
            match self.text_or_action()? {
                Item::Node(node) => list.nodes.push(node),
                item => return self.fault(format!("unexpected {}", item.show())),
            }
        }
        Ok(list)
    }

    /// A `define` or `block` has its own variables and loops.
    fn separate(&mut self, name: Rc<[u8]>, context: &str) -> Outcome<()> {
        let variables = std::mem::replace(&mut self.variables, vec![b"$".to_vec()]);
        let range_depth = std::mem::take(&mut self.range_depth);
        let (list, end) = self.item_list()?;
        if !matches!(end, Item::End) {
            return self.fault(format!("unexpected {} in {context}", end.show()));
        }
        self.variables = variables;
        self.range_depth = range_depth;
        self.add(name, list)
    }

    fn definition(&mut self) -> Outcome<()> {
        let token = self.next_solid();
        let name = self.template_name(&token, "define clause")?;
        self.expect(Kind::RightDelimiter, "define clause")?;
        self.separate(name, "define clause")
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Outcome<Rc<[u8]>> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        match literal::unquote(&token.text) {
            Some(name) => Ok(Rc::from(name)),
            None => self.fault("invalid syntax"),
        }
    }

    fn item_list(&mut self) -> Outcome<(List, Item)> {
        self.depth += 1;
        if self.depth > NESTING_LIMIT {
            return self.fault("exceeded max nesting depth");
        }
        let mut list = List::default();
        while self.peek_solid().kind != Kind::End {
            match stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.text_or_action())? {
                Item::Node(node) => list.nodes.push(node),
                item => {
                    self.depth -= 1;
                    return Ok((list, item));
                }
            }
        }
        self.fault("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Outcome<Item> {
        let token = self.next_solid();
        match token.kind {
            Kind::Text => {
                let kind = NodeKind::Text(Rc::from(token.text));
                Ok(Item::Node(Node { at: token.at, kind }))
            }
            Kind::LeftDelimiter => {
                self.action_line = token.line;
                let item = self.action();
                self.action_line = 0;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Outcome<Item> {
        let token = self.next_solid();
        let at = token.at;
        let kind = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break | Kind::Continue => self.jump(token.kind)?,
            Kind::Else => {
                if !matches!(self.peek_solid().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelimiter, "else")?;
                }
                return Ok(Item::Else);
            }
            Kind::EndKeyword => {
                self.expect(Kind::RightDelimiter, "end")?;
                return Ok(Item::End);
            }
            Kind::If => NodeKind::If(self.control("if")?),
            Kind::With => NodeKind::With(self.control("with")?),
            Kind::Range => NodeKind::Range(self.control("range")?),
            Kind::Template => self.template()?,
            _ => {
                self.backup();
                let at = self.peek().at;
                let pipe = self.pipeline("command", Kind::RightDelimiter)?;
                return Ok(Item::Node(Node { at, kind: NodeKind::Action(Rc::new(pipe)) }));
            }
        };
        Ok(Item::Node(Node { at, kind }))
    }

    fn jump(&mut self, kind: Kind) -> Outcome<NodeKind> {
        let (word, node) = match kind {
            Kind::Break => ("{{break}}", NodeKind::Break),
            _ => ("{{continue}}", NodeKind::Continue),
        };
        let token = self.next_solid();
        if token.kind != Kind::RightDelimiter {
            return self.unexpected(&token, word);
        }
        if self.range_depth == 0 {
            return self.fault(format!("{word} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn block(&mut self) -> Outcome<NodeKind> {
        let token = self.next_solid();
        let name = self.template_name(&token, "block clause")?;
        let pipe = self.pipeline("block clause", Kind::RightDelimiter)?;
        self.separate(name.clone(), "block clause")?;
        Ok(NodeKind::Template { name, pipe: Some(Rc::new(pipe)) })
    }

    fn template(&mut self) -> Outcome<NodeKind> {
        let token = self.next_solid();
        let name = self.template_name(&token, "template clause")?;
        let mut pipe = None;
        if self.next_solid().kind != Kind::RightDelimiter {
            self.backup();
            pipe = Some(Rc::new(self.pipeline("template clause", Kind::RightDelimiter)?));
        }
        Ok(NodeKind::Template { name, pipe })
    }

    fn control(&mut self, context: &str) -> Outcome<Branch> {
        let scope = self.variables.len();
        let pipe = Rc::new(self.pipeline(context, Kind::RightDelimiter)?);
        let looped = usize::from(context == "range");
        self.range_depth += looped;
        let (list, next) = self.item_list()?;
        self.range_depth -= looped;
        let mut otherwise = None;
        if matches!(next, Item::Else) {
            let following = self.peek();
            let chained = match (context, following.kind) {
                ("if", Kind::If) | ("with", Kind::With) => {
                    self.next();
                    let branch =
                        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.control(context))?;
                    Some(if context == "if" {
                        NodeKind::If(branch)
                    } else {
                        NodeKind::With(branch)
                    })
                }
                _ => None,
            };
            otherwise = Some(match chained {
                Some(kind) => List { nodes: vec![Node { at: following.at, kind }] },
                None => {
                    let (list, end) = self.item_list()?;
                    if !matches!(end, Item::End) {
                        return self.fault(format!("expected end; found {}", end.show()));
                    }
                    list
                }
            });
        }
        self.variables.truncate(scope);
        Ok(Branch { pipe, list, otherwise })
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Outcome<Pipe> {
        self.depth += 1;
        if self.depth > NESTING_LIMIT {
            return self.fault("exceeded max nesting depth");
        }
        let at = self.peek_solid().at;
        let mut pipe = Pipe { at, assigns: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_solid();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParenthesis => {
                    self.backup();
                    pipe.commands
                        .push(stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.command())?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.depth -= 1;
        if pipe.commands.is_empty() {
            return self.fault(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = command.arguments.first().map(|node| &node.kind);
            if let Some(
                NodeKind::Bool(_)
                | NodeKind::Dot
                | NodeKind::Nil
                | NodeKind::Number(_)
                | NodeKind::String { .. },
            ) = first
            {
                return self
                    .fault(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(pipe)
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Outcome<()> {
        loop {
            let variable = self.peek_solid();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next_solid();
            let after = self.peek();
            let next = self.peek_solid();
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                pipe.assigns = next.kind == Kind::Assign;
                self.next_solid();
                pipe.variables.push(Rc::from(variable.text.as_slice()));
                self.variables.push(variable.text);
                return Ok(());
            }
            if next.kind == Kind::Char && next.text == b"," {
                self.next_solid();
                pipe.variables.push(Rc::from(variable.text.as_slice()));
                self.variables.push(variable.text);
                if context != "range" || pipe.variables.len() >= 2 {
                    return self.fault(format!("too many declarations in {context}"));
                }
                if !matches!(
                    self.peek_solid().kind,
                    Kind::Variable | Kind::RightDelimiter | Kind::RightParenthesis
                ) {
                    return self.fault("range can only initialize variables");
                }
                continue;
            }
            if after.kind == Kind::Space {
                self.backup_three(variable, after);
            } else {
                self.backup_two(variable);
            }
            return Ok(());
        }
    }

    fn command(&mut self) -> Outcome<Command> {
        let mut command = Command { at: self.peek_solid().at, arguments: Vec::new() };
        loop {
            self.peek_solid();
            if let Some(operand) = self.operand()? {
                command.arguments.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelimiter | Kind::RightParenthesis => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.arguments.is_empty() {
            return self.fault("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Outcome<Option<Node>> {
        let Some(node) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(node));
        }
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(Rc::from(&self.next().text[1..]));
        }
        let kind = match node.kind {
            NodeKind::Field(mut own) => {
                own.append(&mut fields);
                NodeKind::Field(own)
            }
            NodeKind::Variable(mut own) => {
                own.append(&mut fields);
                NodeKind::Variable(own)
            }
            NodeKind::Bool(_)
            | NodeKind::String { .. }
            | NodeKind::Number(_)
            | NodeKind::Nil
            | NodeKind::Dot => {
                let shown = crate::format::quote(&node.show(), '"', false);
                return self.fault(format!("unexpected . after term {shown}"));
            }
            kind => NodeKind::Chain { node: Box::new(Node { at: node.at, kind }), fields },
        };
        Ok(Some(Node { at: first.at, kind }))
    }

    fn term(&mut self) -> Outcome<Option<Node>> {
        let token = self.next_solid();
        let at = token.at;
        let kind = match token.kind {
            Kind::Identifier => {
                if !(self.is_function)(&token.text) {
                    let shown = crate::format::quote(&token.text, '"', false);
                    return self.fault(format!("function {shown} not defined"));
                }
                NodeKind::Identifier(Rc::from(token.text))
            }
            Kind::Dot => NodeKind::Dot,
            Kind::Nil => NodeKind::Nil,
            Kind::Variable => {
                if !self.variables.contains(&token.text) {
                    let shown = crate::format::quote(&token.text, '"', false);
                    return self.fault(format!("undefined variable {shown}"));
                }
                NodeKind::Variable(vec![Rc::from(token.text)])
            }
            Kind::Field => NodeKind::Field(vec![Rc::from(&token.text[1..])]),
            Kind::Bool => NodeKind::Bool(token.text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match literal::number(&token.text)
            {
                Ok(number) => NodeKind::Number(number),
                Err(message) => return self.fault(message),
            },
            Kind::LeftParenthesis => {
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParenthesis)?;
                return Ok(Some(Node { at: pipe.at, kind: NodeKind::Pipe(Rc::new(pipe)) }));
            }
            Kind::String | Kind::RawString => match literal::unquote(&token.text) {
                Some(value) => {
                    NodeKind::String { value: Rc::from(value), quoted: Rc::from(token.text) }
                }
                None => return self.fault("invalid syntax"),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Node { at, kind }))
    }
}
