"""Ingot itself."""

import os
import sys
import tempfile

from quantised import is_quantised
from unavailable import Unavailable


class Ingot:
    def __init__(self, package_folder):
        self._folder, self._plan = package_folder, None

    def start(self):
        if self._folder and self._folder not in sys.path:
            sys.path.append(self._folder)  # last: the engines' own packages come first
        import ingot

        return ingot.__version__

    def load(self, model, device, precision, threads, feeds, torch):
        import ingot

        if precision == "int8":
            precision = _int8_of(model)
        options = ingot.SessionOptions()
        options.intra_op_num_threads = threads
        session = ingot.InferenceSession(model, options, providers=[
            (ingot.session.PROVIDER, {"device": device, "precision": precision})])
        self._plan = session.plan
        feed = by_name(feeds, [each.name for each in session.get_inputs()])
        return lambda: session.run(None, feed)

    def inputs(self, model):
        """[name, type, shape] of each input."""
        import ingot

        return [[each.name, each.type, each.shape] for each in ingot.InferenceSession(model).get_inputs()]

    def facts(self):
        steps = self._plan.to_dict()["program"]["steps"]
        evaluated = [step["operator"] for step in steps if step["kind"] == "evaluation"]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.plan")
            self._plan.save(path)
            size = os.path.getsize(path)
        return {"plan_bytes": size, "fallbacks": evaluated, "steps": len(steps)}


def _int8_of(model):
    """The precision that gives integers: a quantised file has them of its own. Raises Unavailable for another, unless
    this Ingot quantises."""
    from ingot import _ingot

    if is_quantised(model):
        return "fp32"
    problem = _ingot.option_problem("precision", "int8")
    if problem:
        raise Unavailable("this version of Ingot quantises no model (%s); give a quantised one" % problem)
    return "int8"


def by_name(feeds, names):
    """Feeds under the model's input names; a lone feed serves a lone input whatever its name."""
    if len(names) == 1 and len(feeds) == 1:
        return {names[0]: next(iter(feeds.values()))}
    missing = [name for name in names if name not in feeds]
    if missing:
        raise ValueError("no feed for the inputs " + ", ".join(missing))
    return {name: feeds[name] for name in names}
