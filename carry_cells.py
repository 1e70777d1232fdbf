"""Carry the recorded cells of fragile_neurons from one commit's code to another's, where a test shows that it gives the same.

  python recarry.py name OUT.json      in a checkout whose code has these cells: which setting each file is of, by digest
  python recarry.py carry OUT.json     in the checkout that takes them over: write each under its new digest
"""
import json, sys, dataclasses
from pathlib import Path
sys.path.insert(0, ".")
from lib.evidence import cells, store
from lib.run.run import Run
from lib.digest import code, values

def wanted():
    run = Run.of("fragile_neurons", "paper", {})
    return run.experiment.cells() if hasattr(run, "experiment") else run.cells()

def key(cell):
    return f"{cell.part.name}|{cell.setting}"

folder = Path("book/recorded/evidence/fragile_neurons")
what, file = sys.argv[1:]
if what == "name":
    by = {cell.digest: cell for cell in wanted()}
    found = {}
    for path in sorted(folder.glob("*.npz")):
        made = store.read_made(path)
        if made.digest not in by:
            print("refused, no setting has this digest:", path.name); continue
        found[path.name] = {"key": key(by[made.digest]), "digest": made.digest}
    Path(file).write_text(json.dumps(found, indent=1)); print(len(found), "named")
else:
    found = json.loads(Path(file).read_text())
    by = {}
    for cell in wanted():
        assert key(cell) not in by, key(cell)
        by[key(cell)] = cell
    done = 0
    for name, facts in found.items():
        cell = by.get(facts["key"])
        if cell is None:
            print("refused, no such cell now:", name); continue
        path = folder / name
        record, made = store.read(path, cell.part.record, facts["digest"])
        if facts["digest"] == cell.digest:
            continue
        new = dataclasses.replace(made, digest=cell.digest, definitions=code.definitions(values.definitions((cell.part.measure, cell.setting))))
        target = folder / f"{cell.name}.npz"
        store.write(target, record, new)
        again, _ = store.read(target, cell.part.record, cell.digest)
        path.unlink(); done += 1
    print(done, "carried")
