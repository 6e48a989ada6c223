# Recipes; `just --list` shows them. Each is one or two commands that can be typed as well.

# Fetch what the build needs; afterwards it works offline.
setup:
    cargo fetch --locked

# Everything that a change must pass, without what needs more than Rust.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

test *ARGS:
    cargo test --workspace {{ARGS}}

# Exactly what CI runs.
ci:
    bash .ci/run

# Try an example on emulated clouds.
rehearse EXAMPLE="arl":
    cargo run -- up --rehearse -f examples/{{EXAMPLE}}/infra.yaml

# The trials of a provider's contract.
conform PROVIDER="digitalocean":
    cargo test -p infra-{{PROVIDER}} --test conformance

# Accept new snapshots and expected plans after looking at them.
bless:
    INSTA_UPDATE=always cargo test --workspace
    INFRA_BLESS=1 cargo test -p infra-cli --test end_to_end

# The makespan of `up` against its longest path, in world time.
bench:
    cargo bench -p infra-cli --bench critical_path
    cargo bench -p infra-cli --bench many_objects

# The pictures of the README, from a recorded run.
pictures:
    bash docs/pictures/make.sh
