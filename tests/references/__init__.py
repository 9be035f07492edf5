"""Every number compared with an independent reference: plain Keras, scikit-learn, numpy or pandas.

    python -m tests.references          everything, and a table: number, reference, difference, limit
    python -m tests.references -k auc   the same for a selection; other options of pytest work too

`make test` runs all but those marked `full`, which take minutes.

One file per topic. A test computes a number with this project's code and again without it, and hands
both to `compare`, which asserts that they agree and remembers the difference for the table:

    compare("AUC of two classes", "scikit-learn roc_auc_score", ours, roc_auc_score(y, scores))

The reference must not share code with what it checks. A limit above float32's rounding says why.
"""
