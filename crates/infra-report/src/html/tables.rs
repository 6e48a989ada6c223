//! Endpoints, costs and leftovers.

use crate::markup::Markup;
use crate::model::RunModel;
use crate::text::{count, money};

/// The endpoints; nothing when there are none.
pub(super) fn endpoints(model: &RunModel) -> Markup {
    let mut page = Markup::new();
    if model.endpoints.is_empty() {
        return page;
    }
    page.raw("<section id=\"endpoints\" aria-labelledby=\"endpoints-title\">\n");
    page.raw("<h2 id=\"endpoints-title\">Endpoints</h2>\n<div class=\"scroll\"><table>\n");
    page.raw("<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Where</th>");
    page.raw("<th scope=\"col\">Of</th><th scope=\"col\">Note</th></tr></thead>\n<tbody>\n");
    for endpoint in &model.endpoints {
        page.raw("<tr><th scope=\"row\">").text(&endpoint.name).raw("</th><td>");
        url(&mut page, &endpoint.url);
        page.raw("</td><td><code>").text(&endpoint.address).raw("</code></td><td>");
        page.text(endpoint.note.as_deref().unwrap_or("")).raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div>\n</section>\n");
    page
}

/// A link, but only to a web page: what else stands there is shown and not followed.
fn url(page: &mut Markup, url: &str) {
    let lower = url.to_ascii_lowercase();
    if lower.starts_with("https://") || lower.starts_with("http://") {
        page.raw("<a rel=\"noopener noreferrer\" href=\"").text(url).raw("\">");
        page.text(url).raw("</a>");
    } else {
        page.raw("<code>").text(url).raw("</code>");
    }
}

/// Costs by address and their sum; nothing when none are known.
pub(super) fn costs(model: &RunModel) -> Markup {
    let mut page = Markup::new();
    let Some(outline) = model.outline.as_ref().filter(|outline| !outline.costs.is_empty()) else {
        return page;
    };
    let currency = outline.currency.as_deref();
    let most = outline.costs.iter().map(|(_, cost)| *cost).fold(0.0, f64::max);
    let sum: f64 = outline.costs.iter().map(|(_, cost)| cost).sum();
    page.raw("<section id=\"costs\" aria-labelledby=\"costs-title\">\n");
    page.raw("<h2 id=\"costs-title\">Costs a month</h2>\n<div class=\"scroll\"><table class=\"costs\">\n");
    page.raw("<thead><tr><th scope=\"col\">Resource</th><th scope=\"col\" class=\"wide\">");
    page.raw(
        "<span class=\"hidden\">Share</span></th><th scope=\"col\" class=\"number\">Cost</th>",
    );
    page.raw("</tr></thead>\n<tbody>\n");
    let mut costs: Vec<&(String, f64)> = outline.costs.iter().collect();
    costs.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    for (address, cost) in costs {
        let share = if most > 0.0 { cost / most * 100.0 } else { 0.0 };
        page.raw("<tr><th scope=\"row\"><code>").text(address).raw("</code></th>");
        page.raw("<td class=\"wide\"><span class=\"meter\" style=\"width:").number(share);
        page.raw("%\"></span></td><td class=\"number\">").text(money(*cost, currency));
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody>\n<tfoot><tr><th scope=\"row\">Sum</th><td class=\"wide\"></td>");
    page.raw("<td class=\"number\">").text(money(sum, currency)).raw("</td></tr></tfoot>\n");
    page.raw("</table></div>\n");
    if let Some(all) = outline.monthly_cost.filter(|all| (all - sum).abs() >= 0.005) {
        page.raw("<p class=\"quiet\">The whole plan costs ").text(money(all, currency));
        page.raw(" a month; what is not listed has no price of its own.</p>\n");
    }
    page.raw("</section>\n");
    page
}

/// What a listing after the destroy found, or that it found nothing; nothing when no listing was made.
pub(super) fn leftovers(model: &RunModel) -> Markup {
    let mut page = Markup::new();
    let Some(listing) = &model.listing else { return page };
    page.raw("<section id=\"leftovers\" aria-labelledby=\"leftovers-title\">\n");
    page.raw("<h2 id=\"leftovers-title\">Leftovers</h2>\n");
    let asked = listing.asked.join(", ");
    if listing.leftovers.is_empty() {
        page.raw("<p class=\"proof good\"><span aria-hidden=\"true\">✓</span> ");
        page.raw("Nothing is left. Asked: ").text(asked).raw(".</p>\n</section>\n");
        return page;
    }
    let cost: f64 = listing.leftovers.iter().filter_map(|left| left.monthly_cost).sum();
    page.raw("<p class=\"proof bad\"><span aria-hidden=\"true\">✗</span> ");
    page.text(count(listing.leftovers.len(), "thing")).raw(" left");
    if cost > 0.0 {
        page.raw(", ").text(money(cost, Some("USD"))).raw(" a month");
    }
    page.raw(". Asked: ").text(asked).raw(".</p>\n<div class=\"scroll\"><table>\n<thead><tr>");
    for title in ["Provider", "Kind", "Name", "Id", "Recognised by"] {
        page.raw("<th scope=\"col\">").raw(title).raw("</th>");
    }
    page.raw("<th scope=\"col\" class=\"number\">Cost a month</th></tr></thead>\n<tbody>\n");
    for left in &listing.leftovers {
        page.raw("<tr><td>").text(&left.provider).raw("</td><td>").text(&left.kind);
        page.raw("</td><td>").text(&left.name).raw("</td><td><code>").text(&left.id);
        page.raw("</code></td><td>").text(&left.because).raw("</td><td class=\"number\">");
        page.text(left.monthly_cost.map_or("unknown".into(), |cost| money(cost, Some("USD"))));
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div>\n</section>\n");
    page
}
