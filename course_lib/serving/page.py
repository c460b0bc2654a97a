"""The service's front page: draw or choose a picture, ask, read the answer. No other site.

A chosen file never leaves the browser: it is decoded and made small there, and only numbers are sent. So
the service needs no decoder of pictures, which is where servers that take files are attacked.
"""

from __future__ import annotations

import html
import json

from course_lib.language import both
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
button, input {{ font: inherit; }}
button {{ padding: .4rem .9rem; margin: .6rem .4rem .6rem 0; }}
input[type=file] {{ max-width: 100%; }}
:focus-visible {{ outline: 3px solid #d55e00; outline-offset: 2px; }}
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
<p><label for="file">{choose}</label><br><input id="file" type="file" accept="image/*"></p>
<p><input id="ink" type="checkbox"{inked}> <label for="ink">{ink}</label></p>
<button id="ask">{ask}</button><button id="clear">{clear}</button>
<output id="answer" aria-live="polite"></output>
<p>{card} · <code>{version}</code></p>
</main>
<script nonce="{nonce}">
"use strict";
const words = {words}, H = {height}, W = {width}, C = {channels};
const canvas = document.getElementById("picture"), pen = canvas.getContext("2d");
const say = document.getElementById("answer");
const sheet = new ImageData(W, H), file = document.getElementById("file");
let at = [H >> 1, W >> 1];
function wipe() {{ sheet.data.fill(255); show(); }}
function dot(row, column) {{
  for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) {{
    const y = row + i, x = column + j;
    if (y < 0 || x < 0 || y >= H || x >= W) continue;
    for (let c = 0, k = 4 * (y * W + x); c < 3; c++, k++)
      sheet.data[k] = Math.min(sheet.data[k], i || j ? 95 : 0);
  }}
  show();
}}
function show() {{
  pen.putImageData(sheet, 0, 0);
  if (document.activeElement === canvas) {{
    pen.strokeStyle = "#d55e00"; pen.strokeRect(at[1] - 0.5, at[0] - 0.5, 2, 2);
  }}
}}
async function take(chosen) {{
  const bitmap = await createImageBitmap(chosen);  // turned as its EXIF says; of a film the first picture
  const small = document.createElement("canvas");
  small.width = W; small.height = H;
  const to = small.getContext("2d"), scale = Math.min(W / bitmap.width, H / bitmap.height);
  const w = bitmap.width * scale, h = bitmap.height * scale;
  to.fillStyle = "#fff"; to.fillRect(0, 0, W, H);
  to.imageSmoothingQuality = "high";
  to.drawImage(bitmap, (W - w) / 2, (H - h) / 2, w, h);
  sheet.data.set(to.getImageData(0, 0, W, H).data);
  show();
}}
file.onchange = async () => {{
  if (!file.files.length) return;
  try {{ await take(file.files[0]); say.textContent = words.taken; }}
  catch (error) {{ wipe(); say.textContent = words.unreadable; }}
}};
function pixel(k) {{
  const [r, g, b] = sheet.data.slice(k, k + 3);
  const values = C === 1 ? [Math.round(0.299 * r + 0.587 * g + 0.114 * b)] : [r, g, b];
  return document.getElementById("ink").checked ? values.map(v => 255 - v) : values;
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
canvas.addEventListener("focus", show);
canvas.addEventListener("blur", show);
document.getElementById("clear").onclick = () => {{ file.value = ""; say.textContent = ""; wipe(); }};
document.getElementById("ask").onclick = async () => {{
  const picture = [];
  for (let y = 0; y < H; y++)
    picture.push(Array.from({{ length: W }}, (_, x) => pixel(4 * (y * W + x))));
  try {{
    const response = await fetch("/predict", {{ method: "POST",
      headers: {{ "Content-Type": "application/json" }}, body: JSON.stringify({{ images: [picture] }}) }});
    const told = await response.json();
    say.textContent = told.error || words.answer.replace("{{c}}", told.answers[0].class)
      .replace("{{p}}", told.answers[0].probability);
  }} catch (error) {{ say.textContent = words.gone; }}
}};
wipe();
</script>
</body>
</html>
"""


def front_page(contract: Contract, version: str, nonce: str, *, card: bool = True) -> str:
    """Give the page in the reader's language.

    Args:
        contract: Its picture size and classes are shown; all text in it is escaped.
        version: Which model answers.
        card: Whether there is a model card to look at.
        nonce: What marks this page's own script and style as its own (Content-Security-Policy).
    """
    h, w, c = contract.shape
    names = both(", ", "、").join(contract.classes[:40])
    words = {
        "answer": both("{c} (probability {p})", "{c}（概率 {p}）"),
        "gone": both("The service does not answer.", "服务没有回应。"),
        "taken": both(
            f"Brought to {h}×{w} pixels, here in your browser. This is what the model will see: ask.",
            f"已在你的浏览器里缩成 {h}×{w} 像素。模型看到的就是这一张，可以提问了。",
        ),
        "unreadable": both(
            "Your browser cannot read this file as a picture.", "浏览器读不出这个文件里的图片。"
        ),
    }
    texts = {
        "lang": both("en", "zh-CN"),
        "title": both("Ask the model", "问问模型"),
        "about": both(f"Draw one of: {names}.", f"请画出其中之一：{names}。"),
        "draw": both(f"Drawing area, {h} by {w} pixels", f"画板，{h}×{w} 像素"),
        "keys": both(
            "With the keyboard: arrows move, the space bar dots, Shift with arrows draws.",
            "用键盘：方向键移动，空格键点一下，按住 Shift 再按方向键就是画线。",
        ),
        "choose": both(
            "Or choose a picture. The file stays in your browser:",
            "也可以选一张图片，文件不会离开浏览器：",
        ),
        "ink": both(
            "dark ink on white paper: the model gets ink as 255, paper as 0",
            "白纸黑字：交给模型时，墨迹为 255，纸面为 0",
        ),
        "ask": both("Ask", "提问"),
        "clear": both("Clear", "清除"),
        "version": version,
    }
    escaped = {name: html.escape(text) for name, text in texts.items()}
    escaped["card"] = (
        f'<a href="/card">{both("What is this model good for?", "这个模型适合做什么？")}</a>'
        if card
        else both("This model has no card.", "这个模型没有模型卡。")
    )
    # "</script>" inside a string would end the script.
    inked = " checked" if c == 1 else ""
    script_words = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    return _PAGE.format(
        **escaped, nonce=nonce, words=script_words, inked=inked, height=h, width=w, channels=c
    )
