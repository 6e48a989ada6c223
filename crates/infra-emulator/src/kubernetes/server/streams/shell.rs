//! What an emulated container does with a command: a script's answer, a few words of a shell, or the words themselves.
//!
//! There are no processes. Understood are `echo`, `printf`, `cat`, `true`, `false`, `exit`, `env`, `printenv`, `hostname`, `pwd`,
//! `whoami`, `sleep` (nothing happens) and `test -n/-z`, joined by `;`, `&&` and `||`, with variables of the container; `sh -c` and its
//! like run them. Everything else is answered with its own words.

use std::collections::BTreeMap;

/// What a command finds around it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Variables of the container.
    pub(crate) variables: BTreeMap<String, String>,
    /// Name of the pod.
    pub(crate) host: String,
}

/// What a command has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
    /// Whether what comes in goes out again: `cat` without a file, or a shell without a script.
    pub(crate) echoes: bool,
    /// Whether an input of `exit` ends it.
    pub(crate) is_shell: bool,
    /// Whether the rest of a script is left out.
    pub(crate) ended: bool,
}

/// Runs a command.
pub(crate) fn run(words: &[String], environment: &Environment) -> Outcome {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    if matches!(name, "sh" | "bash" | "ash" | "dash") {
        return match words.get(1..) {
            Some([option, script, ..]) if option.starts_with('-') && option.ends_with('c') => {
                run_script(script, environment)
            }
            _ => Outcome { echoes: true, is_shell: true, ..Outcome::default() },
        };
    }
    simple(words, environment)
}

/// What the command of a container will have done, as far as that can be told: only if every word of it is understood and hangs on nothing
/// else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Foretold {
    /// What it prints, to either output.
    pub(crate) printed: String,
    /// Its exit code.
    pub(crate) code: i32,
    /// World seconds until it ends; `None` if it never does.
    pub(crate) seconds: Option<f64>,
}

/// Words of which it can be told beforehand what they do.
const CERTAIN: [&str; 8] = ["echo", "printf", "true", "false", "exit", "sleep", ":", "exec"];

/// Foretells a command, with what is joined by `;`, `&&` and `||` in it.
pub(crate) fn foretell(words: &[String], environment: &Environment) -> Option<Foretold> {
    let name = words.first()?.rsplit('/').next()?;
    let parts = match (name, words.get(1..)) {
        ("sh" | "bash" | "ash" | "dash", Some([option, script])) if option.ends_with('c') => {
            // What is piped or redirected hangs on other programs.
            if script.replace("||", "").contains(['|', '>', '<', '`', '('])
                && !script.contains(">&2")
            {
                return None;
            }
            commands(script, environment)
        }
        _ => vec![(Joint::Always, words.to_vec())],
    };
    let mut told = Foretold { printed: String::new(), code: 0, seconds: Some(0.0) };
    for (joint, words) in parts {
        let words = match words.first().map(String::as_str) {
            Some("exec") => words.get(1..).unwrap_or_default().to_vec(),
            _ => words,
        };
        let Some(first) = words.first() else { continue };
        if !CERTAIN.contains(&first.as_str()) {
            return None;
        }
        let wanted = match joint {
            Joint::Always => true,
            Joint::AfterSuccess => told.code == 0,
            Joint::AfterFailure => told.code != 0,
        };
        if !wanted {
            continue;
        }
        if first == "sleep" {
            match words.get(1).map(|time| time.trim_end_matches('s').parse::<f64>()) {
                Some(Ok(seconds)) if seconds.is_finite() => {
                    told.seconds = told.seconds.map(|sum| sum + seconds.max(0.0))
                }
                Some(_) => told.seconds = None,
                None => return None,
            }
            told.code = 0;
            if told.seconds.is_none() {
                break;
            }
            continue;
        }
        let one = simple(&words, environment);
        told.printed.push_str(&one.stdout);
        told.printed.push_str(&one.stderr);
        told.code = one.code;
        if one.ended {
            break;
        }
    }
    Some(told)
}

fn run_script(script: &str, environment: &Environment) -> Outcome {
    let mut whole = Outcome::default();
    for (joint, words) in commands(script, environment) {
        let wanted = match joint {
            Joint::Always => true,
            Joint::AfterSuccess => whole.code == 0,
            Joint::AfterFailure => whole.code != 0,
        };
        if !wanted || words.is_empty() {
            continue;
        }
        let one = simple(&words, environment);
        whole.stdout.push_str(&one.stdout);
        whole.stderr.push_str(&one.stderr);
        whole.code = one.code;
        whole.echoes |= one.echoes;
        if one.ended {
            break;
        }
    }
    whole
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Always,
    AfterSuccess,
    AfterFailure,
}

/// The commands of a script, each with what joins it to the one before.
fn commands(script: &str, environment: &Environment) -> Vec<(Joint, Vec<String>)> {
    let mut found = vec![(Joint::Always, Vec::new())];
    let mut word: Option<String> = None;
    let mut characters = script.chars().peekable();
    let push = |found: &mut Vec<(Joint, Vec<String>)>, word: &mut Option<String>| {
        if let (Some(word), Some((_, words))) = (word.take(), found.last_mut()) {
            words.push(word);
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let quoted: String = characters.by_ref().take_while(|c| *c != '\'').collect();
                word.get_or_insert_default().push_str(&quoted);
            }
            '"' => {
                let quoted: String = characters.by_ref().take_while(|c| *c != '"').collect();
                word.get_or_insert_default().push_str(&expanded(&quoted, environment));
            }
            '$' => {
                let mut name = String::from("$");
                while let Some(next) =
                    characters.next_if(|c| c.is_alphanumeric() || "_{}".contains(*c))
                {
                    name.push(next);
                }
                word.get_or_insert_default().push_str(&expanded(&name, environment));
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            '&' | '|' if characters.peek() == Some(&character) => {
                characters.next();
                push(&mut found, &mut word);
                let joint =
                    if character == '&' { Joint::AfterSuccess } else { Joint::AfterFailure };
                found.push((joint, Vec::new()));
            }
            ';' | '\n' => {
                push(&mut found, &mut word);
                found.push((Joint::Always, Vec::new()));
            }
            blank if blank.is_whitespace() => push(&mut found, &mut word),
            other => word.get_or_insert_default().push(other),
        }
    }
    push(&mut found, &mut word);
    found
}

/// `$NAME` and `${NAME}` with what the container's variables say.
fn expanded(text: &str, environment: &Environment) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, tail) = match after.strip_prefix('{') {
            Some(inside) => inside.split_once('}').unwrap_or((inside, "")),
            None => {
                let end = after.find(|c: char| !c.is_alphanumeric() && c != '_');
                after.split_at(end.unwrap_or(after.len()))
            }
        };
        out.push_str(environment.variables.get(name).map_or("", String::as_str));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn simple(words: &[String], environment: &Environment) -> Outcome {
    let to_stderr = words.iter().any(|word| matches!(word.as_str(), ">&2" | "1>&2"));
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !matches!(*word, ">&2" | "1>&2" | "2>&1"))
        .collect();
    let mut outcome = command(&words, environment);
    if to_stderr {
        outcome.stderr = std::mem::take(&mut outcome.stdout);
    }
    outcome
}

fn command(words: &[&str], environment: &Environment) -> Outcome {
    let says = |stdout: String| Outcome { stdout, ..Outcome::default() };
    let ends = |code: i32| Outcome { code, ..Outcome::default() };
    let listed = || {
        environment
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect::<String>()
    };
    match words {
        [] | ["true" | "sleep" | ":", ..] => Outcome::default(),
        ["false", ..] => ends(1),
        ["exit", code @ ..] => {
            let code = code.first().and_then(|code| code.parse().ok()).unwrap_or(0);
            Outcome { code, ended: true, ..Outcome::default() }
        }
        ["echo", "-n", rest @ ..] => says(rest.join(" ")),
        ["echo", rest @ ..] => says(format!("{}\n", rest.join(" "))),
        ["printf", format, rest @ ..] => {
            let text = format.replace("\\n", "\n").replace("\\t", "\t");
            says(rest.iter().fold(text, |text, word| text.replacen("%s", word, 1)))
        }
        ["cat"] | ["cat", "-"] => Outcome { echoes: true, ..Outcome::default() },
        ["cat", file, ..] => Outcome {
            stderr: format!("cat: can't open '{file}': No such file or directory\n"),
            code: 1,
            ..Outcome::default()
        },
        ["env"] | ["printenv"] => says(listed()),
        ["printenv", name] => match environment.variables.get(*name) {
            Some(value) => says(format!("{value}\n")),
            None => ends(1),
        },
        ["hostname"] => says(format!("{}\n", environment.host)),
        ["pwd"] => says("/\n".to_owned()),
        ["whoami"] => says("root\n".to_owned()),
        ["test" | "[", "-n", text, ..] => ends(i32::from(text.is_empty())),
        ["test" | "[", "-z", text, ..] => ends(i32::from(!text.is_empty())),
        words => says(format!("emulated: {}\n", words.join(" "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Outcome {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let variables = BTreeMap::from([("MODE".to_owned(), "quick".to_owned())]);
        run(&words, &Environment { variables, host: "web-0".to_owned() })
    }

    #[test]
    fn what_a_container_will_do_is_told_only_if_it_is_certain() {
        let told = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            foretell(&words, &Environment::default())
                .map(|told| (told.printed, told.code, told.seconds))
        };
        let said = |text: &str, code, seconds| Some((text.to_owned(), code, seconds));
        assert_eq!(told(&["sh", "-c", "echo a; sleep 30; exit 2"]), said("a\n", 2, Some(30.0)));
        assert_eq!(told(&["sleep", "infinity"]), said("", 0, None));
        assert_eq!(
            told(&["sh", "-c", "echo up; exec sleep 100000"]),
            said("up\n", 0, Some(100_000.0))
        );
        assert_eq!(told(&["echo", "done"]), said("done\n", 0, Some(0.0)));
        assert_eq!(told(&["sh", "-c", "wget -qO- http://web/ | grep infra"]), None);
        assert_eq!(told(&["sh", "-c", "echo a > /tmp/file"]), None);
        assert_eq!(told(&["python", "-c", "exit(1)"]), None);
    }

    #[test]
    fn scripts() {
        let script = |text: &str| {
            let outcome = of(&["sh", "-c", text]);
            (outcome.stdout, outcome.stderr, outcome.code)
        };
        let said = |stdout: &str, stderr: &str, code| (stdout.to_owned(), stderr.to_owned(), code);
        assert_eq!(script("echo a; echo 'b  c' >&2; exit 3; echo d"), said("a\n", "b  c\n", 3));
        assert_eq!(script("true && echo yes || echo no"), said("yes\n", "", 0));
        assert_eq!(script("false && echo yes || echo \"no $MODE\""), said("no quick\n", "", 0));
        assert_eq!(script("printenv NOTHING"), said("", "", 1));
        assert_eq!(script("hostname && echo ${MODE}x"), said("web-0\nquickx\n", "", 0));
        assert_eq!(script("cat /etc/nothing").2, 1);
        assert!(of(&["cat"]).echoes && of(&["/bin/bash"]).is_shell);
        assert_eq!(of(&["nvidia-smi", "-L"]).stdout, "emulated: nvidia-smi -L\n");
    }
}
