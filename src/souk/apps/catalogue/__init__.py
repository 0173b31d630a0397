"""The starting catalogue: real files made on this machine, then published like anyone's.

Three kinds of work: the MiniLM sentence-embedding model, small ONNX models trained here on the real
datasets that scikit-learn carries, and those datasets themselves.

`build.build_catalogue` makes the files and their manifest once; `publish.load_catalogue` publishes
them as demo sellers, as often as it is called; `accounts.demo_accounts` says who can sign in. As a
process of its own: `python -m souk.apps.catalogue`.
"""
