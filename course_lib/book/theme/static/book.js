// The book's own script: quizzes that answer, and the language that was chosen last.
document.addEventListener("DOMContentLoaded", () => {
  for (const quiz of document.querySelectorAll(".quiz")) {
    const said = quiz.querySelector(".said");
    for (const button of quiz.querySelectorAll("button")) {
      button.addEventListener("click", () => {
        const bytes = Uint8Array.from(atob(button.dataset.said), (sign) => sign.charCodeAt(0));
        const found = JSON.parse(new TextDecoder().decode(bytes));
        said.className = `said ${found.right ? "right" : "wrong"}`;
        said.innerHTML = found.words;
        for (const other of quiz.querySelectorAll("button")) other.removeAttribute("aria-pressed");
        button.setAttribute("aria-pressed", "true");
      });
    }
  }
  // What is wider than the page scrolls by itself; so that keys can do it, too, it can have the focus.
  for (const wide of document.querySelectorAll("pre, .table-wrapper")) wide.tabIndex = 0;
  try {
    localStorage.setItem("course-language", document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  } catch { /* a browser that keeps nothing */ }
});
