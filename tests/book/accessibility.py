"""axe's rules over a page, in both colour schemes of one visit."""

from __future__ import annotations

from typing import Any

# Whoever unfolds it reads it: what is folded away is invisible, and axe passes over what is.
_UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
# Two thirds of a chapter's elements are spans that colour code, and of a class all look alike: the
# first stays, of the others only the text. It makes axe several times as quick and hides nothing.
_THIN = """() => {
  const seen = new Set();
  for (const span of document.querySelectorAll('.highlight pre span')) {
    const look = span.className;
    if (seen.has(look) || span.id) span.replaceWith(...span.childNodes);
    else seen.add(look);
  }
  document.querySelectorAll('.highlight pre').forEach(each => each.normalize());
}"""
_COLOURS = {"type": "rule", "values": ["color-contrast"]}


def find_serious(page: Any) -> list[tuple[str, str, str, int]]:
    """List what axe finds serious on the page that is open: scheme, rule, one element, how many.

    Colours are looked at in light and in dark, PyTorch's tabs in one and Keras's in the other; what
    does not depend on colours, once.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(_UNFOLD)
    page.evaluate(_THIN)
    found = []
    for scheme, rules in (("light", None), ("dark", _COLOURS)):
        page.emulate_media(color_scheme=scheme)
        if scheme == "dark" and page.locator("label.sd-tab-label", has_text="Keras").count():
            page.locator("label.sd-tab-label", has_text="Keras").first.click()
        # A transition from one scheme to the other is neither.
        page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        answer = Axe().run(page, options={**options, **({"runOnly": rules} if rules else {})})
        found += [
            (scheme, each["id"], each["nodes"][0]["html"][:160], len(each["nodes"]))
            for each in answer.response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    return found
