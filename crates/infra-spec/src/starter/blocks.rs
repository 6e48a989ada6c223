//! What differs between providers in a starter file.

/// The lines of one provider.
pub(super) struct Block {
    /// The provider's type.
    pub(super) provider: &'static str,
    /// Its block, indented by four; empty for none.
    pub(super) settings: &'static str,
    /// The body of `cluster`, indented by two.
    pub(super) cluster: &'static str,
    /// Further sections, each with a blank line before it.
    pub(super) extras: &'static str,
}

/// A cluster of a cloud that offers sizes.
const SIZED: &str = "  # A version in quotes, or `latest`.
  version: latest
  pools:
    - name: default
      count: 2
      # What each node needs: the cheapest size that fits is chosen, and the plan says which.
      # Or the provider's own name of a size.
      size: { cpus: 2, memory: 4GiB }
      # autoscale: { min: 1, max: 5 }      # instead of `count`
      # labels: { team: research }
      # taints: [\"dedicated=gpu:NoSchedule\"]
";

/// A registry that the cluster may pull from.
const REGISTRY: &str = "
# A registry that the cluster may pull from, and images that are pushed to it.
# registries:
#   - name: images
# images:
#   - { name: app, oci_layout: ./app, to: [images] }
";

/// An address that stays.
const ADDRESS: &str = "
# A public address that outlives the cluster; an item of the stack takes it with `address: public`.
# addresses:
#   - name: public
";

/// A cluster on machines that are there already.
const PLAIN: &str = "  # A version in quotes, or `latest`.
  version: latest
";

/// The provider types that have lines of their own.
pub(super) const BLOCKS: [Block; 7] = [
    Block {
        provider: "digitalocean",
        settings: "    # A region of `doctl kubernetes options regions`.\n    region: ams3\n    # The token; without this line DIGITALOCEAN_ACCESS_TOKEN is read.\n    # token: ${env:MY_TOKEN}\n",
        cluster: SIZED,
        extras: REGISTRY,
    },
    Block {
        provider: "magnum",
        settings: "    # An entry of your clouds.yaml.\n    cloud: openstack\n    # The newest public cluster template, or the name of one.\n    template: newest\n    # keypair: NAME                     # for logging in to nodes\n",
        cluster: SIZED,
        extras: ADDRESS,
    },
    Block {
        provider: "azure",
        settings: "    location: westeurope\n    resource_group: infra\n    # subscription: ${env:AZURE_SUBSCRIPTION_ID}\n",
        cluster: SIZED,
        extras: ADDRESS,
    },
    Block {
        provider: "aws",
        settings: "    region: eu-central-1\n",
        cluster: SIZED,
        extras: REGISTRY,
    },
    Block {
        provider: "microk8s",
        settings: "    # Machines with Ubuntu that your ssh reaches; the first one begins the cluster.\n    hosts:\n      - ubuntu@192.0.2.10\n      - ubuntu@192.0.2.11\n      - ubuntu@192.0.2.12\n",
        cluster: PLAIN,
        extras: "",
    },
    Block { provider: "minikube", settings: "", cluster: PLAIN, extras: "" },
    Block {
        provider: "existing",
        settings: "    # A context of your kubeconfig.\n    context: my-cluster\n",
        cluster: "  # The cluster is there already: it is used, never changed or deleted.\n  existing: true\n",
        extras: "",
    },
];

/// A provider without lines of its own.
pub(super) const OTHER: Block = Block { provider: "", settings: "", cluster: SIZED, extras: "" };
