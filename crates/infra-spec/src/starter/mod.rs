//! The first file of a new user, written by `infra init`: complete, commented, and loadable as it is.

mod blocks;

use blocks::{BLOCKS, Block, OTHER};

/// A commented starter file for a provider type. `name` becomes the name of the deployment, made legal if it is not.
///
/// An unknown provider type gets a block of its name with nothing in it.
pub fn starter(provider: &str, name: &str) -> String {
    let provider = legal(provider, "provider");
    let block = BLOCKS.iter().find(|block| block.provider == provider).unwrap_or(&OTHER);
    TEMPLATE
        .replace("@NAME@", &legal(name, "my-cluster"))
        .replace("@PROVIDER@", &provider_lines(&provider, block))
        .replace("@CLUSTER@", block.cluster)
        .replace("@EXTRAS@", block.extras)
}

fn provider_lines(provider: &str, block: &Block) -> String {
    if block.settings.is_empty() {
        format!("  {provider}: {{}}\n")
    } else {
        format!("  {provider}:\n{}", block.settings)
    }
}

/// The nearest legal name, or a substitute when nothing legal is left.
fn legal(text: &str, substitute: &str) -> String {
    let lower: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    let trimmed = lower.trim_start_matches(|character: char| !character.is_ascii_lowercase());
    let short: String = trimmed.chars().take(crate::read::LONGEST_NAME).collect();
    let name = short.trim_end_matches('-');
    if name.is_empty() { substitute.to_owned() } else { name.to_owned() }
}

const TEMPLATE: &str = "\
# What `infra up` makes. Check it with `infra validate`, see what it means with `infra plan`,
# try it without a cloud account with `infra up --rehearse`.
# `infra schema` describes every key; most editors use it to complete and check as you type.
apiVersion: infra/v1

# Names everything that is made: lower-case letters, digits and hyphens.
name: @NAME@

# Where things are made. Credentials never stand here: write ${env:NAME} or ${file:path}.
providers:
@PROVIDER@
# The only cluster; for several write `clusters:` with a name for each.
cluster:
@CLUSTER@@EXTRAS@
# What runs on the cluster, in parallel where `after` allows it. An item is one of
#   use: NAME                        an item of the catalogue
#   chart: { repo: URL, name: ... }  a Helm chart
#   manifests: PATH                  .yaml files, or .yaml.tera templates
#   kustomize: PATH                  a kustomization
# stack:
#   - name: app
#     namespace: app
#     manifests: ./k8s
#     timeout: 10m
#     endpoints: [app]

# Where the state is kept: beside this file, or in an object store to share it
# (s3://bucket/prefix, azblob://container/prefix, gs://bucket/prefix).
state:
  backend: local
";
