"""What the book itself says, in both languages: everything else on its pages is the chapters' own."""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.language import Text

LANGUAGE_NAMES = {"en": "English", "zh": "中文"}

TITLE: Text = {"en": "Deep transfer learning", "zh": "深度迁移学习"}
SHOWS: Text = {"en": "shows", "zh": "输出"}
ANSWER_HERE: Text = {
    "en": "Your answer goes into this cell of the notebook.",
    "zh": "请在笔记本的这个单元格中作答。",
}
HAVE_YOU_TRIED: Text = {
    "en": "Have you tried? Say first what you would do, or what you expect to go wrong: a wrong guess is remembered "
    "better than a right sentence that was only read.",
    "zh": "试过了吗？先说说你会怎么做，或者猜一猜哪里会出错：自己猜错过的，比只读过的正确句子记得牢。",
}
ATTEMPT: Text = {
    "en": "My attempt, in a sentence (it stays on this page and is not kept)",
    "zh": "用一句话写下你的想法（只留在本页，不会保存）",
}
TRIED: Text = {"en": "I have tried it: show me", "zh": "我试过了，请展开"}
WHY: Text = {"en": "**Why.** ", "zh": "**为什么**："}
MODEL_ANSWER: Text = {"en": "Exercise {id}: a model answer", "zh": "练习 {id}：参考答案"}
SOLUTION: Text = {
    "en": "Exercise {id}: a solution, and why",
    "zh": "练习 {id}：参考解答与理由",
}
OFTEN_WRONG: Text = {"en": "What often goes wrong, and why", "zh": "常见的错误与原因"}
HINTS: Text = {"en": "Hints, one at a time", "zh": "提示（逐条展开）"}
NEXT_HINT: Text = {"en": "Hint {number}", "zh": "提示 {number}"}
QUESTION_ON: Text = {"en": "Question: {what}", "zh": "想一想：{what}"}
CHOOSE: Text = {"en": "choose an answer", "zh": "请选一个答案"}
WITHOUT_SCRIPT: Text = {
    "en": "The answers' feedback needs JavaScript here; in the notebook it does not.",
    "zh": "在网页上查看反馈需要 JavaScript；在笔记本中不需要。",
}
YES: Text = {"en": "<strong>Yes.</strong> ", "zh": "<strong>对。</strong>"}
NO: Text = {"en": "<strong>No.</strong> ", "zh": "<strong>不对。</strong>"}

OPEN: Text = {"en": "Open this chapter", "zh": "打开本章"}
IN_LAB: Text = {
    "en": "In JupyterLab: <code>./course lab --lang en --framework {framework}</code>, then "
    "<code>{name}.ipynb</code>",
    "zh": "在 JupyterLab 中：运行 <code>./course lab --lang zh --framework {framework}</code>，"
    "再打开 <code>{name}.ipynb</code>",
}
DOWNLOAD: Text = {"en": "Download the notebook", "zh": "下载笔记本"}
CHAPTERS: Text = {"en": "Chapters", "zh": "章节"}
BRIDGES: Text = {"en": "Bridges", "zh": "补课小页"}
MORE: Text = {"en": "Reference", "zh": "查阅"}
CORE: Text = {"en": "core", "zh": "核心"}
ELECTIVE: Text = {"en": "elective", "zh": "选修"}
BRIDGE: Text = {"en": "where needed", "zh": "按需阅读"}
CHAPTER_LINE: Text = {
    "en": "[{title}]({name}.md) ({minutes} min, {kind}). {needs}",
    "zh": "[{title}]({name}.md)（{minutes} 分钟，{kind}）。{needs}",
}
METHODS: Text = {"en": "Index of methods", "zh": "方法索引"}
METHODS_OPENING: Text = {
    "en": "What the chapters call from `course_lib`, what it does, and where it is used first. "
    "Each name exists in `course_lib.pytorch` and in `course_lib.keras`, or, where it computes "
    "in NumPy, once for both.",
    "zh": "各章从 `course_lib` 中调用的函数和类：做什么用，最早在哪里用到。同一个名字在 "
    "`course_lib.pytorch` 和 `course_lib.keras` 中各有一份；只用 NumPy 计算的，两个框架共用一份。",
}
METHODS_COLUMNS: Text = {"en": "Name | What it does | Where", "zh": "名称 | 作用 | 章节"}
GLOSSARY: Text = {"en": "Glossary", "zh": "术语表"}
GLOSSARY_OPENING: Text = {
    "en": "The course's words, with their Chinese names and the chapter that teaches them.",
    "zh": "课程的术语、英文名称，以及讲到它的章节。",
}
INSTRUCTORS: Text = {"en": "For instructors", "zh": "教师指南"}
WELCOME: Text = {
    "en": "An open course, taught, run and graded: what a chapter measures, a cell on its page has computed. "
    "Choose **PyTorch** or **Keras** once, in any tab; all pages follow.",
    "zh": "一门讲得清、跑得通、能评分的开放课程：各章测得的数字，都由本页的单元格当场算出。在任意一个标签上"
    "选一次 **PyTorch** 或 **Keras**，所有页面随之切换。",
}
HOW_TO_WORK: Text = {
    "en": "Reading is half of it. To work on the exercises, get the course and run `./course lab`: "
    "[Start here](00_start_here.md) shows how.",
    "zh": "读只是一半。要做练习，请取得课程并运行 `./course lab`：[从这里开始](00_start_here.md)会带你走一遍。",
}
TOGGLE_LANGUAGE: Text = {"en": "中文", "zh": "English"}
TOGGLE_LANGUAGE_LABEL: Text = {"en": "本页的中文版", "zh": "This page in English"}

# What the theme says and Sphinx's own Chinese catalogue lacks.
THEME_IN_CHINESE: Mapping[str, str] = {
    "Back to top": "回到顶部",
    "On this page": "本页内容",
    "Contents": "目录",
    "Menu": "菜单",
    "Expand": "展开",
    "Light mode": "浅色模式",
    "Dark mode": "深色模式",
    "Auto light/dark, in light mode": "自动明暗，当前为浅色",
    "Auto light/dark, in dark mode": "自动明暗，当前为深色",
    "Toggle Light / Dark / Auto color theme": "切换浅色 / 深色 / 自动",
    "Toggle site navigation sidebar": "打开或收起导航栏",
    "Toggle table of contents sidebar": "打开或收起本页目录",
    "Toggle navigation of %s": "展开或收起 %s",
    "Skip to content": "跳到正文",
    "Search": "搜索",
    "Home": "首页",
    "Next": "下一页",
    "Previous": "上一页",
    "Hide navigation sidebar": "收起导航栏",
    "Hide table of contents sidebar": "收起本页目录",
}

DOCUMENTS: Text = {"en": "The five documents", "zh": "五份文档与本课程"}
DOCUMENTS_OPENING: Text = {
    "en": "The course follows five documents on transfer learning: 0 concepts, 1 overview, 2 practice, 3 a large "
    "survey, 4 from neurons to transfer. Here is each of their sections with the place where the course treats it, "
    "and what is wrong in them with the place where it becomes a lesson.",
    "zh": "本课程依据五份介绍迁移学习的文档：0 概念，1 概览，2 实践，3 长篇综述，4 从神经元到迁移。"
    "下面列出每一节在课程中讲到的地方，以及其中的错误在哪里变成一课。",
}
SECTIONS: Text = {"en": "Section by section", "zh": "逐节对照"}
SECTION_COLUMNS: tuple[Text, ...] = (
    {"en": "Section", "zh": "文档与章节"},
    {"en": "About", "zh": "内容"},
    {"en": "In the course", "zh": "课程中的位置"},
)
LESSONS: Text = {"en": "What is wrong there, and what it teaches", "zh": "错在哪里，能学到什么"}
LESSONS_OPENING: Text = {
    "en": "A mistake in a text is a lesson, as long as somebody says that it is one.",
    "zh": "文章里的错误，只要有人指出来，就是一课。",
}
LESSON_COLUMNS: tuple[Text, ...] = (
    {"en": "Found in", "zh": "出处"},
    {"en": "What is wrong", "zh": "错误"},
    {"en": "The lesson", "zh": "对应的一课"},
)
FAMILIES: Mapping[str, Text] = {
    "code": {"en": "Programs", "zh": "程序"},
    "formula": {"en": "Formulas", "zh": "公式"},
    "claim": {"en": "Claims", "zh": "说法"},
    "forgotten": {"en": "Named there, easily forgotten here", "zh": "文档提到、容易漏掉的内容"},
}
CHAPTER: Text = {"en": "chapter {number}", "zh": "第 {number} 章"}

SYLLABUS: Text = {"en": "Syllabus", "zh": "教学计划"}
SYLLABUS_OPENING: Text = {
    "en": "Three plans. The core is chapters 00 to 05, 07, 14, 17 and 18; the others are electives that need only the "
    "core, so one may take another's place (13 also needs section 2 of chapter 10; before 16 it helps to know 08 and "
    "10). Hours are a student's, reading and exercises together. A week of exercises is one release: see “For "
    "instructors”.",
    "zh": "三种安排。核心章节是第 00 至 05、07、14、17、18 章；其余是选修，只以核心为前提，可以互换"
    "（第 13 章另需第 10 章第 2 节；学第 16 章之前，有第 08、10 章的基础更好）。"
    "学时指学生阅读与做练习的时间之和。每周的练习作为一次作业发布，见“教师指南”。",
}
PLAN_TOTAL: Text = {
    "en": "About {hours} hours and {points} points in all.",
    "zh": "合计约 {hours} 学时，练习共 {points} 分。",
}
PLAN_COLUMNS: tuple[Text, ...] = (
    {"en": "Week", "zh": "周"},
    {"en": "Chapters", "zh": "章节"},
    {"en": "About", "zh": "内容"},
    {"en": "Hours", "zh": "学时"},
    {"en": "Points", "zh": "分值"},
)

BIBLIOGRAPHY: Text = {"en": "Bibliography", "zh": "参考文献"}
BIBLIOGRAPHY_OPENING: Text = {
    "en": "Every work that a chapter cites, with the chapters and what one learns there.",
    "zh": "各章引用过的全部文献、所在章节，以及能从中学到什么。",
}
WORKS: Text = {
    "en": "{works} works.",
    "zh": "共 {works} 篇（部）。",
}

SYMPTOMS: Text = {"en": "Symptoms", "zh": "症状索引"}
SYMPTOMS_OPENING: Text = {
    "en": "From what you see to what it may be, the commonest cause first, with the test that tells the causes apart. "
    "Chapter 17 treats the cases.",
    "zh": "从看到的现象找可能的病因，常见的在前，并给出分辨病因的测试。第 17 章讲解各个病例。",
}

CHOOSING: Text = {"en": "Which method for my case?", "zh": "我的情形该用哪种方法？"}
CHOOSING_OPENING: Text = {
    "en": "Go from the top; stop at the first answer that fits. It says what to *begin* with, and where the course "
    "shows it with numbers. None of this replaces the comparison on your own data: the last question is for everybody.",
    "zh": "从上往下问，遇到符合的答案就停下。它说的是**从哪里入手**，以及课程中哪一处用数字展示过。"
    "这些都代替不了在你自己的数据上做比较：最后一问，人人都要问。",
}
ALWAYS: Text = {"en": "Whatever you choose", "zh": "无论选了什么"}
ALWAYS_LIST: Text = {
    "en": "- Put the same network from scratch beside it, and the simplest thing that could work.\n"
    "- Choose on validation data; open the test part once.\n"
    "- Repeat over draws and report an interval, not a run.\n"
    "- Say how many steps and how many trials each side got.",
    "zh": "- 旁边放上同一个网络从零训练的结果，以及可能奏效的最简单的做法。\n"
    "- 用验证集做选择；测试集只打开一次。\n"
    "- 多次抽样，报告区间，而不是一次运行。\n"
    "- 说明每一方各走了多少步、试了多少次。",
}
