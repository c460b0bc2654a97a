"""Text, before any framework sees it: splitting, counting, numbering, generated corpora.

| module | idea |
|---|---|
| ``splitting`` | text → tokens: words, characters, pieces learned by merging pairs |
| ``vocabulary`` | tokens ↔ whole numbers, padded to one length |
| ``corpora`` | real text that needs no download |
| ``reviews``, ``messages`` | generated texts with labels: sentiment, spam |
| ``made_languages`` | a made pair of languages, and a related pair |
| ``vectors`` | words as vectors: counted, factorised, read from GloVe's format |
| ``ngrams`` | the language model that every other one must beat |
| ``generating`` | one token after another from any model's logits |
"""
