"""The service's front page: draw or take an example, ask, read the answer. No file, no other site."""

from __future__ import annotations

import html
import json

from course_lib.language import both, current
from course_lib.serving.contract import Contract

_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style nonce="{nonce}">
body {{ font: 1.05rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 1rem auto; padding: 0 1rem;
  color: #111; background: #fff; }}
canvas {{ width: 256px; height: 256px; border: 2px solid #333; touch-action: none;
  image-rendering: pixelated; background: #fff; display: block; }}
button {{ font: inherit; padding: .4rem .9rem; margin: .6rem .4rem .6rem 0; }}
output {{ display: block; min-height: 3rem; font-size: 1.3rem; }}
code {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{about}</p>
<canvas id="picture" width="{width}" height="{height}" tabindex="0" role="img" aria-label="{draw}"></canvas>
<p>{keys}</p>
<button id="ask">{ask}</button><button id="clear">{clear}</button>
<output id="answer" aria-live="polite"></output>
<p><a href="/card">{card}</a> · <code>{version}</code></p>
</main>
<script nonce="{nonce}">
"use strict";
const words = {words}, H = {height}, W = {width}, C = {channels};
const canvas = document.getElementById("picture"), pen = canvas.getContext("2d");
const say = document.getElementById("answer");
let ink = new Uint8Array(H * W), at = [H >> 1, W >> 1];
function dot(row, column) {{
  for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) {{
    const y = row + i, x = column + j;
    if (y < 0 || x < 0 || y >= H || x >= W) continue;
    ink[y * W + x] = Math.max(ink[y * W + x], i || j ? 160 : 255);
  }}
  show();
}}
function show() {{
  const image = pen.createImageData(W, H);
  ink.forEach((v, k) => image.data.set([255 - v, 255 - v, 255 - v, 255], 4 * k));
  pen.putImageData(image, 0, 0);
  if (document.activeElement === canvas) {{
    pen.strokeStyle = "#d55e00"; pen.strokeRect(at[1] - 0.5, at[0] - 0.5, 2, 2);
  }}
}}
function place(event) {{
  const box = canvas.getBoundingClientRect();
  return [Math.floor((event.clientY - box.top) / box.height * H),
          Math.floor((event.clientX - box.left) / box.width * W)];
}}
canvas.addEventListener("pointerdown", event => {{ canvas.setPointerCapture(event.pointerId); dot(...place(event)); }});
canvas.addEventListener("pointermove", event => {{ if (event.buttons) dot(...place(event)); }});
canvas.addEventListener("keydown", event => {{
  const step = {{ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }}[event.key];
  const within = (value, size) => Math.min(size - 1, Math.max(0, value));
  if (step) {{ at = [within(at[0] + step[0], H), within(at[1] + step[1], W)]; show(); }}
  if (event.key === " " || (step && event.shiftKey)) dot(...at);
  if (step || event.key === " ") event.preventDefault();
}});
document.getElementById("clear").onclick = () => {{ ink.fill(0); say.textContent = ""; show(); }};
document.getElementById("ask").onclick = async () => {{
  const picture = [];
  for (let y = 0; y < H; y++) picture.push(Array.from(ink.slice(y * W, y * W + W), v => Array(C).fill(v)));
  try {{
    const response = await fetch("/predict", {{ method: "POST",
      headers: {{ "Content-Type": "application/json" }}, body: JSON.stringify({{ images: [picture] }}) }});
    const told = await response.json();
    say.textContent = told.error || words.answer.replace("{{c}}", told.answers[0].class)
      .replace("{{p}}", told.answers[0].probability);
  }} catch (error) {{ say.textContent = words.gone; }}
}};
show();
</script>
</body>
</html>
"""


def front_page(contract: Contract, version: str, nonce: str) -> str:
    """Give the page in the reader's language.

    Args:
        contract: Its picture size and classes are shown; all text in it is escaped.
        version: Which model answers.
        nonce: What marks this page's own script and style as its own (Content-Security-Policy).
    """
    h, w, c = contract.shape
    names = ", ".join(contract.classes[:40])
    words = {
        "answer": both("{c} (probability {p})", "{c}（概率 {p}）"),
        "gone": both("The service does not answer.", "服务没有回应。"),
    }
    texts = {
        "lang": "zh-CN" if current() == "zh" else "en",
        "title": both("Ask the model", "问问模型"),
        "about": both(f"Draw one of: {names}.", f"请画出其中之一：{names}。"),
        "draw": both(f"Drawing area, {h} by {w} pixels", f"画板，{h}×{w} 像素"),
        "keys": both(
            "With the keyboard: arrows move, the space bar dots, Shift with arrows draws.",
            "用键盘：方向键移动，空格键点一下，按住 Shift 再按方向键就是画线。",
        ),
        "ask": both("Ask", "提问"),
        "clear": both("Clear", "清除"),
        "card": both("What is this model good for?", "这个模型适合做什么？"),
        "version": version,
    }
    escaped = {name: html.escape(text) for name, text in texts.items()}
    # "</script>" inside a string would end the script.
    script_words = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    return _PAGE.format(**escaped, nonce=nonce, words=script_words, height=h, width=w, channels=c)
