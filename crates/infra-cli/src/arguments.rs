//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use infra_plan::Address;

const EXAMPLES: &str = "\
Examples:
  infra init --provider digitalocean      write a commented infra.yaml
  infra up --rehearse                     try it on emulated clouds, without any account
  infra plan                              what would be done
  infra up                                do it, after asking
  infra output --secrets                  endpoints and passwords
  infra down                              take everything down, with proof

Exit codes:
  0 done, 1 failed, 2 changes (plan --exit-code, drift), 3 invalid file or arguments, 4 locked, 5 credentials,
  6 quota or capacity, 7 leftovers found, 8 stale plan, 130 cancelled";

/// From one file to a running data-science platform on Kubernetes, and back to nothing.
#[derive(Parser)]
#[command(name = "infra", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of all commands.
#[derive(Args, Clone, Default)]
pub(crate) struct Global {
    /// The file; given twice, the second overlays the first
    #[arg(short, long = "file", value_name = "FILE", global = true, default_value = "infra.yaml")]
    pub(crate) files: Vec<PathBuf>,
    /// The instance of `providers` that clusters go to
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) provider: Option<String>,
    /// Use emulated clouds, in a world of its own beside the file
    #[arg(long, global = true)]
    pub(crate) rehearse: bool,
    /// Faults of the emulated clouds (with --rehearse)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) faults: Option<PathBuf>,
    /// Text for people, or JSON: one document for a question, lines of events for a run
    #[arg(long, value_enum, global = true, default_value_t = Format::Text)]
    pub(crate) output: Format,
    /// Show everything, such as each field of each object
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// How long to wait for another run that holds the state, such as 30s or 5m
    #[arg(long, value_name = "DURATION", global = true, default_value = "0s", value_parser = duration)]
    pub(crate) lock_timeout: std::time::Duration,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write a commented starter file
    Init(InitArguments),
    /// Check the file, without asking any cloud
    Validate,
    /// Show what would be done
    #[command(
        after_help = "Examples:\n  infra plan --out hub.plan && infra apply hub.plan\n  infra plan --destroy\n  infra plan --target main/arl"
    )]
    Plan(PlanArguments),
    /// Do what a saved plan says
    Apply(ApplyArguments),
    /// Plan, ask, and make everything as the file says
    #[command(
        after_help = "Examples:\n  infra up --provider magnum\n  infra up --yes --report run.html\n  infra up --rehearse -f examples/arl/infra.yaml"
    )]
    Up(UpArguments),
    /// Take everything down, and prove that nothing is left
    Down(DownArguments),
    /// Show what exists and whether it is ready
    Status,
    /// Show endpoints and outputs
    Output(OutputArguments),
    /// Write a kubeconfig
    Kubeconfig(KubeconfigArguments),
    /// Show what the pods of an item or an object print
    #[command(
        after_help = "Examples:\n  infra logs arl                       all pods of the item\n  infra logs arl --follow --since 10m\n  infra logs deployment/scheduler -c dask --tail 50\n  infra logs web-7d9f-x2 -n shop --previous"
    )]
    Logs(LogsArguments),
    /// Run a command in a container; its exit code is the command's
    #[command(
        after_help = "Examples:\n  infra exec arl -- dask --version\n  infra exec deployment/notebook -it -- bash\n  echo 'select 1' | infra exec hub -c postgresql -i -- psql\n\nThe exit code is the command's; 130 when interrupted, and those of `infra --help` when it could not be run."
    )]
    Exec(ExecArguments),
    /// Lead local ports to an item's endpoints, a service, a workload or a pod
    #[command(
        after_help = "Examples:\n  infra forward arl                    all endpoints of the item\n  infra forward service/web 8080:80\n  infra forward deployment/scheduler :8787   any local port"
    )]
    Forward(ForwardArguments),
    /// Run the smoke tests of the stack once more
    #[command(after_help = "Examples:\n  infra test\n  infra test arl --output json")]
    Test(TestArguments),
    /// Draw the resources and what they depend on
    Graph(GraphArguments),
    /// Tell whether the world still is as the file says (exit code 2 if not)
    Drift,
    /// Show a recorded run again
    Replay(ReplayArguments),
    /// Serve emulated clouds to other programs
    Emulator(EmulatorArguments),
    /// Print the JSON schema of the file
    Schema,
    /// Say what the file means: sizes chosen, costs, versions
    Explain,
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

#[derive(Args)]
pub(crate) struct InitArguments {
    /// The provider that the file begins with
    #[arg(long = "type", value_name = "TYPE", default_value = "digitalocean")]
    pub(crate) provider_type: String,
    /// Name of the deployment; the folder's if absent
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Overwrite a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// What a plan is about, and what it may do.
#[derive(Args, Clone, Default)]
pub(crate) struct Scope {
    /// Only this address, and what it needs
    #[arg(long = "target", value_name = "ADDRESS")]
    pub(crate) targets: Vec<Address>,
    /// Replace this address though nothing differs
    #[arg(long = "replace", value_name = "ADDRESS")]
    pub(crate) replace: Vec<Address>,
    /// A protected address that may be deleted
    #[arg(long = "allow-delete", value_name = "ADDRESS")]
    pub(crate) allow_delete: Vec<Address>,
    /// A protected address that may be replaced
    #[arg(long = "allow-replace", value_name = "ADDRESS")]
    pub(crate) allow_replace: Vec<Address>,
    /// Delete also what was adopted
    #[arg(long)]
    pub(crate) include_adopted: bool,
}

#[derive(Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Plan to take everything down
    #[arg(long)]
    pub(crate) destroy: bool,
    /// Save the plan for `infra apply`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// End with exit code 2 if there is something to do
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// How to carry a plan out.
#[derive(Args, Clone, Default)]
pub(crate) struct Execution {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Write a report of the run, one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// How many operations may run at a time
    #[arg(long, value_name = "N")]
    pub(crate) parallel: Option<usize>,
}

#[derive(Args)]
pub(crate) struct ApplyArguments {
    /// The saved plan
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) execution: Execution,
}

#[derive(Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) execution: Execution,
}

#[derive(Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    pub(crate) execution: Execution,
    /// Only this address, and what needs it
    #[arg(long = "target", value_name = "ADDRESS")]
    pub(crate) targets: Vec<Address>,
    /// Delete also what was adopted
    #[arg(long)]
    pub(crate) include_adopted: bool,
}

#[derive(Args)]
pub(crate) struct OutputArguments {
    /// Only this address
    pub(crate) address: Option<Address>,
    /// Show passwords and other secrets
    #[arg(long)]
    pub(crate) secrets: bool,
}

#[derive(Args)]
pub(crate) struct KubeconfigArguments {
    /// The cluster; the only one if absent
    #[arg(long)]
    pub(crate) cluster: Option<String>,
    /// Where to write it; standard output if absent. With --merge and --remove: the kubeconfig that is changed
    #[arg(long, value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
    /// Put it into your kubeconfig ($KUBECONFIG's first file, else ~/.kube/config), leaving all else there as it is
    #[arg(long)]
    pub(crate) merge: bool,
    /// Take it out of your kubeconfig again
    #[arg(long, conflicts_with = "merge")]
    pub(crate) remove: bool,
    /// With --merge: make it the current context
    #[arg(long, requires = "merge")]
    pub(crate) set_current: bool,
    /// With --merge: overwrite entries of the same name that infra has not made
    #[arg(long, requires = "merge")]
    pub(crate) force: bool,
    /// Let kubectl ask infra for a credential each time, instead of keeping one in the kubeconfig
    #[arg(long)]
    pub(crate) exec: bool,
    /// Print a credential, as kubectl asks for it (client.authentication.k8s.io/v1)
    #[arg(long, conflicts_with_all = ["merge", "remove", "exec", "path"])]
    pub(crate) exec_credential: bool,
}

/// What a command speaks to.
#[derive(Args)]
pub(crate) struct TargetArguments {
    /// An item (`arl`, `main/arl`), an object of one by its address, KIND/NAME, or with --namespace a pod
    pub(crate) target: String,
    /// The cluster; the only one if absent
    #[arg(long)]
    pub(crate) cluster: Option<String>,
    /// The namespace of KIND/NAME; that of an item which has it, else `default`
    #[arg(short, long)]
    pub(crate) namespace: Option<String>,
}

#[derive(Args)]
pub(crate) struct LogsArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Go on until all pods have ended
    #[arg(long)]
    pub(crate) follow: bool,
    /// Only so many lines at the end, of each container
    #[arg(long, value_name = "N")]
    pub(crate) tail: Option<u32>,
    /// Only what is younger, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) since: Option<std::time::Duration>,
    /// Of the run before the present one of a container
    #[arg(short, long, conflicts_with = "follow")]
    pub(crate) previous: bool,
    /// Each line with its time
    #[arg(long)]
    pub(crate) timestamps: bool,
    /// Only this container
    #[arg(short, long)]
    pub(crate) container: Option<String>,
    /// Without pod and container before each line
    #[arg(long)]
    pub(crate) no_prefix: bool,
}

#[derive(Args)]
pub(crate) struct ExecArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// The container; the pod's default if absent
    #[arg(short, long)]
    pub(crate) container: Option<String>,
    /// Hand on the input
    #[arg(short = 'i', long)]
    pub(crate) stdin: bool,
    /// Give the command a terminal
    #[arg(short = 't', long)]
    pub(crate) tty: bool,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<String>,
}

#[derive(Args)]
pub(crate) struct ForwardArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Ports, as LOCAL:PORT or PORT, by number or name; all endpoints of the item if absent
    #[arg(value_name = "[LOCAL:]PORT")]
    pub(crate) ports: Vec<crate::commands::PortPair>,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) address: std::net::IpAddr,
}

#[derive(Args)]
pub(crate) struct TestArguments {
    /// Items, such as `arl` or `main/arl`; all with a smoke test if absent
    pub(crate) items: Vec<String>,
}

#[derive(Args)]
pub(crate) struct GraphArguments {
    /// The form
    #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
    pub(crate) format: GraphFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Dot,
    Mermaid,
    Svg,
}

#[derive(Args)]
pub(crate) struct ReplayArguments {
    /// The run; the last if absent (`infra replay --list` shows them)
    pub(crate) run: Option<String>,
    /// List the recorded runs
    #[arg(long)]
    pub(crate) list: bool,
    /// How many times as fast as it was; at once if absent
    #[arg(long)]
    pub(crate) speed: Option<f64>,
    /// Write a report of it, one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write a picture of the live tree, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
    /// World seconds since the beginning at which the picture is taken; the end if absent
    #[arg(long, requires = "picture")]
    pub(crate) at: Option<f64>,
}

#[derive(Args)]
pub(crate) struct EmulatorArguments {
    #[command(subcommand)]
    pub(crate) show: Option<EmulatorCommand>,
    /// Folder of the world; the rehearsal's of the file if absent
    #[arg(long, value_name = "DIR")]
    pub(crate) world: Option<PathBuf>,
    /// How many times as fast as the wall's the world's time runs
    #[arg(long, default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Serve nothing but this
    #[arg(long, value_enum)]
    pub(crate) only: Option<Service>,
    /// Nodes of a cluster that is served alone
    #[arg(long, default_value_t = 3)]
    pub(crate) nodes: u32,
    /// Whether controllers, scheduler and kubelets run in a cluster that is served alone
    #[arg(long, value_enum, default_value_t = Controllers::All)]
    pub(crate) controllers: Controllers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    Kubernetes,
    Digitalocean,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Controllers {
    All,
    None,
}

#[derive(Subcommand)]
pub(crate) enum EmulatorCommand {
    /// List all that exists in a world, read from the world itself
    Show {
        /// Folder of the world; the rehearsal's of the file if absent
        #[arg(long, value_name = "DIR")]
        world: Option<PathBuf>,
    },
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    infra_spec::parse_duration(text)
}
