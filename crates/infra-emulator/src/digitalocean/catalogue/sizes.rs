//! Droplet sizes with their prices.

use serde_json::{Value, json};

use super::regions::{REGIONS, Region};

/// A Droplet size.
#[derive(Clone, Copy, Debug)]
pub(in crate::digitalocean) struct Size {
    pub(in crate::digitalocean) slug: &'static str,
    description: &'static str,
    /// In MiB.
    pub(in crate::digitalocean) memory: u64,
    pub(in crate::digitalocean) vcpus: u64,
    /// In GB.
    pub(in crate::digitalocean) disk: u64,
    transfer: f64,
    monthly: f64,
    hourly: f64,
    /// Offered for Kubernetes nodes.
    pub(in crate::digitalocean) kubernetes: bool,
    pub(in crate::digitalocean) gpu: Option<Gpu>,
}

/// The GPUs of a size.
#[derive(Clone, Copy, Debug)]
pub(in crate::digitalocean) struct Gpu {
    pub(in crate::digitalocean) count: u64,
    pub(in crate::digitalocean) model: &'static str,
    /// In GiB, of all together.
    vram: u64,
}

/// A month is billed as at most 672 hours; GPU Droplets are billed by the hour, 744 in a month of 31 days.
const BILLED_HOURS: f64 = 672.0;
const GPU_HOURS: f64 = 744.0;

const fn size(
    slug: &'static str,
    description: &'static str,
    [memory, vcpus, disk]: [u64; 3],
    transfer: f64,
    monthly: f64,
) -> Size {
    let hourly = monthly / BILLED_HOURS;
    let kubernetes = true;
    Size {
        slug,
        description,
        memory,
        vcpus,
        disk,
        transfer,
        monthly,
        hourly,
        kubernetes,
        gpu: None,
    }
}

/// A size that is too small for a Kubernetes node.
const fn small(
    slug: &'static str,
    description: &'static str,
    numbers: [u64; 3],
    transfer: f64,
    monthly: f64,
) -> Size {
    Size { kubernetes: false, ..size(slug, description, numbers, transfer, monthly) }
}

const fn gpu(
    slug: &'static str,
    description: &'static str,
    numbers: [u64; 3],
    transfer: f64,
    hourly: f64,
    (count, model, vram): (u64, &'static str, u64),
) -> Size {
    let gpu = Some(Gpu { count, model, vram });
    Size { hourly, gpu, ..size(slug, description, numbers, transfer, hourly * GPU_HOURS) }
}

/// All sizes, cheapest families first.
#[rustfmt::skip]
pub(in crate::digitalocean) const SIZES: [Size; 66] = [
    small("s-1vcpu-512mb-10gb", "Basic", [512, 1, 10], 0.5, 4.0),
    small("s-1vcpu-1gb", "Basic", [1024, 1, 25], 1.0, 6.0),
    small("s-1vcpu-1gb-amd", "Basic AMD", [1024, 1, 25], 1.0, 7.0),
    small("s-1vcpu-1gb-intel", "Basic Intel", [1024, 1, 25], 1.0, 7.0),
    size("s-1vcpu-2gb", "Basic", [2048, 1, 50], 2.0, 12.0),
    size("s-1vcpu-2gb-amd", "Basic AMD", [2048, 1, 50], 2.0, 14.0),
    size("s-1vcpu-2gb-intel", "Basic Intel", [2048, 1, 50], 2.0, 14.0),
    size("s-2vcpu-2gb", "Basic", [2048, 2, 60], 3.0, 18.0),
    size("s-2vcpu-2gb-amd", "Basic AMD", [2048, 2, 60], 3.0, 21.0),
    size("s-2vcpu-2gb-intel", "Basic Intel", [2048, 2, 60], 3.0, 21.0),
    size("s-2vcpu-4gb", "Basic", [4096, 2, 80], 4.0, 24.0),
    size("s-2vcpu-4gb-amd", "Basic AMD", [4096, 2, 80], 4.0, 28.0),
    size("s-2vcpu-4gb-intel", "Basic Intel", [4096, 2, 80], 4.0, 28.0),
    size("s-2vcpu-8gb-amd", "Basic AMD", [8192, 2, 100], 5.0, 42.0),
    size("s-4vcpu-8gb", "Basic", [8192, 4, 160], 5.0, 48.0),
    size("s-4vcpu-8gb-amd", "Basic AMD", [8192, 4, 160], 5.0, 56.0),
    size("s-4vcpu-8gb-intel", "Basic Intel", [8192, 4, 160], 5.0, 56.0),
    size("s-4vcpu-16gb-amd", "Basic AMD", [16384, 4, 200], 8.0, 84.0),
    size("s-8vcpu-16gb", "Basic", [16384, 8, 320], 6.0, 96.0),
    size("s-8vcpu-16gb-amd", "Basic AMD", [16384, 8, 320], 6.0, 112.0),
    size("s-8vcpu-16gb-intel", "Basic Intel", [16384, 8, 320], 6.0, 112.0),
    size("s-8vcpu-32gb-amd", "Basic AMD", [32768, 8, 400], 10.0, 168.0),
    size("c-2", "CPU-Optimized", [4096, 2, 25], 4.0, 42.0),
    size("c-4", "CPU-Optimized", [8192, 4, 50], 5.0, 84.0),
    size("c-8", "CPU-Optimized", [16384, 8, 100], 6.0, 168.0),
    size("c-16", "CPU-Optimized", [32768, 16, 200], 7.0, 336.0),
    size("c-32", "CPU-Optimized", [65536, 32, 400], 9.0, 672.0),
    size("c-48", "CPU-Optimized", [98304, 48, 600], 11.0, 1008.0),
    size("c2-2vcpu-4gb", "CPU-Optimized 2x SSD", [4096, 2, 50], 4.0, 47.0),
    size("c2-4vcpu-8gb", "CPU-Optimized 2x SSD", [8192, 4, 100], 5.0, 94.0),
    size("c2-8vcpu-16gb", "CPU-Optimized 2x SSD", [16384, 8, 200], 6.0, 188.0),
    size("c2-16vcpu-32gb", "CPU-Optimized 2x SSD", [32768, 16, 400], 7.0, 376.0),
    size("c2-32vcpu-64gb", "CPU-Optimized 2x SSD", [65536, 32, 800], 9.0, 752.0),
    size("g-2vcpu-8gb", "General Purpose", [8192, 2, 25], 4.0, 63.0),
    size("g-4vcpu-16gb", "General Purpose", [16384, 4, 50], 5.0, 126.0),
    size("g-8vcpu-32gb", "General Purpose", [32768, 8, 100], 6.0, 252.0),
    size("g-16vcpu-64gb", "General Purpose", [65536, 16, 200], 7.0, 504.0),
    size("g-32vcpu-128gb", "General Purpose", [131072, 32, 400], 8.0, 1008.0),
    size("g-40vcpu-160gb", "General Purpose", [163840, 40, 500], 9.0, 1260.0),
    size("gd-2vcpu-8gb", "General Purpose 2x SSD", [8192, 2, 50], 4.0, 68.0),
    size("gd-4vcpu-16gb", "General Purpose 2x SSD", [16384, 4, 100], 5.0, 136.0),
    size("gd-8vcpu-32gb", "General Purpose 2x SSD", [32768, 8, 200], 6.0, 272.0),
    size("gd-16vcpu-64gb", "General Purpose 2x SSD", [65536, 16, 400], 7.0, 544.0),
    size("gd-32vcpu-128gb", "General Purpose 2x SSD", [131072, 32, 800], 8.0, 1088.0),
    size("gd-40vcpu-160gb", "General Purpose 2x SSD", [163840, 40, 1000], 9.0, 1360.0),
    size("m-2vcpu-16gb", "Memory-Optimized", [16384, 2, 50], 4.0, 84.0),
    size("m-4vcpu-32gb", "Memory-Optimized", [32768, 4, 100], 6.0, 168.0),
    size("m-8vcpu-64gb", "Memory-Optimized", [65536, 8, 200], 7.0, 336.0),
    size("m-16vcpu-128gb", "Memory-Optimized", [131072, 16, 400], 8.0, 672.0),
    size("m-24vcpu-192gb", "Memory-Optimized", [196608, 24, 600], 9.0, 1008.0),
    size("m-32vcpu-256gb", "Memory-Optimized", [262144, 32, 800], 10.0, 1344.0),
    size("so-2vcpu-16gb", "Storage-Optimized", [16384, 2, 300], 4.0, 131.0),
    size("so-4vcpu-32gb", "Storage-Optimized", [32768, 4, 600], 6.0, 262.0),
    size("so-8vcpu-64gb", "Storage-Optimized", [65536, 8, 1170], 7.0, 524.0),
    size("so-16vcpu-128gb", "Storage-Optimized", [131072, 16, 2340], 8.0, 1048.0),
    size("so-24vcpu-192gb", "Storage-Optimized", [196608, 24, 3520], 9.0, 1572.0),
    size("so-32vcpu-256gb", "Storage-Optimized", [262144, 32, 4690], 10.0, 2096.0),
    gpu("gpu-4000adax1-20gb", "RTX 4000 Ada GPU 1X", [32768, 8, 500], 10.0, 0.76, (1, "nvidia_rtx4000_ada", 20)),
    gpu("gpu-6000adax1-48gb", "RTX 6000 Ada GPU 1X", [65536, 8, 500], 10.0, 1.57, (1, "nvidia_rtx6000_ada", 48)),
    gpu("gpu-l40sx1-48gb", "L40S GPU 1X", [65536, 8, 500], 10.0, 1.57, (1, "nvidia_l40s", 48)),
    gpu("gpu-mi300x1-192gb", "AMD MI300X - 1X", [245760, 20, 720], 15.0, 1.99, (1, "amd_mi300x", 192)),
    gpu("gpu-h100x1-80gb", "H100 GPU - 1X", [245760, 20, 720], 15.0, 3.39, (1, "nvidia_h100", 80)),
    gpu("gpu-h200x1-141gb", "H200 GPU - 1X", [245760, 24, 720], 15.0, 3.44, (1, "nvidia_h200", 141)),
    gpu("gpu-mi300x8-1536gb", "AMD MI300X - 8X", [1966080, 160, 2046], 60.0, 15.92, (8, "amd_mi300x", 1536)),
    gpu("gpu-h100x8-640gb", "H100 GPU - 8X", [1966080, 160, 2046], 60.0, 23.92, (8, "nvidia_h100", 640)),
    gpu("gpu-h200x8-1128gb", "H200 GPU - 8X", [1966080, 192, 2046], 60.0, 27.52, (8, "nvidia_h200", 1128)),
];

pub(in crate::digitalocean) fn find(slug: &str) -> Option<&'static Size> {
    SIZES.iter().find(|size| size.slug == slug)
}

/// The sizes that a region has.
pub(in crate::digitalocean) fn in_region(region: &Region) -> impl Iterator<Item = &'static Size> {
    SIZES.iter().filter(move |size| size.is_in(region))
}

impl Size {
    pub(in crate::digitalocean) fn is_in(&self, region: &Region) -> bool {
        // The 8-fold GPU machines stand in two places only.
        match self.gpu {
            None => true,
            Some(gpu) if gpu.count > 1 => matches!(region.slug, "nyc2" | "atl1"),
            Some(_) => region.gpu,
        }
    }

    /// The size as `/v2/sizes` writes it.
    pub(in crate::digitalocean) fn json(&self) -> Value {
        let regions: Vec<&str> =
            REGIONS.iter().filter(|region| self.is_in(region)).map(|region| region.slug).collect();
        let gigabytes = |amount: u64| json!({ "amount": amount, "unit": "gib" });
        let mut value = json!({
            "slug": self.slug,
            "memory": self.memory,
            "vcpus": self.vcpus,
            "disk": self.disk,
            "transfer": self.transfer,
            "price_monthly": (self.monthly * 100.0).round() / 100.0,
            "price_hourly": (self.hourly * 100_000.0).round() / 100_000.0,
            "regions": regions,
            "available": true,
            "description": self.description,
            "disk_info": [{ "type": "local", "size": gigabytes(self.disk) }],
        });
        if let Some(gpu) = self.gpu {
            let vram = gigabytes(gpu.vram);
            value["gpu_info"] = json!({ "count": gpu.count, "model": gpu.model, "vram": vram });
        }
        value
    }

    /// The name in the Kubernetes options, which is not always the slug.
    pub(in crate::digitalocean) fn option_name(&self) -> String {
        let plain = self.slug.strip_prefix("c-").is_some();
        if plain {
            format!("{}-{}GiB", self.slug, self.memory / 1024)
        } else {
            self.slug.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_prices_known() {
        let slugs: std::collections::BTreeSet<_> = SIZES.iter().map(|size| size.slug).collect();
        assert_eq!(slugs.len(), SIZES.len());
        assert_eq!(find("s-1vcpu-1gb").unwrap().json()["price_hourly"], json!(0.00893));
        assert_eq!(find("s-2vcpu-4gb").unwrap().json()["price_monthly"], json!(24.0));
        assert_eq!(find("gpu-h100x1-80gb").unwrap().json()["price_monthly"], json!(2522.16));
        assert_eq!(find("c-2").unwrap().option_name(), "c-2-4GiB");
    }
}
