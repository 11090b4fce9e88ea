#!/usr/bin/env python3
"""Exports full-size topologies with seeded random weights to ONNX, for `./dev topologies`.

Runs in the Python that has torch, torchvision and transformers. Beside FOLDER/NAME.onnx it writes NAME.json: for every shape to be
checked, {input: {"shape", "dtype", "below"}}; "below" bounds integers. A model that is there already is kept.
"""

import argparse
import json
import pathlib
import sys

import torch
import torchvision

OPSET = 16


class Recurrent(torch.nn.Module):
    """Two bidirectional layers of a kind over 80 features."""

    def __init__(self, kind):
        super().__init__()
        self.layers = kind(80, 256, num_layers=2, bidirectional=True, batch_first=True)
        self.head = torch.nn.Linear(512, 40)

    def forward(self, frames):
        return self.head(self.layers(frames)[0])


class Fields(torch.nn.Module):
    """A transformers model with its tensor inputs in a stated order and the named fields of its result as outputs."""

    def __init__(self, model, inputs, outputs):
        super().__init__()
        self.model, self.inputs, self.outputs = model, inputs, outputs

    def forward(self, *tensors):
        found = self.model(**dict(zip(self.inputs, tensors)))
        return tuple(found[name] for name in self.outputs)


def image(build, size=224, sizes=(), batches=(1, 3)):
    """A picture in; batch is dynamic, height and width too when other `sizes` are to be checked."""
    axes = {0: "batch", **({2: "height", 3: "width"} if sizes else {})}
    shapes = [{"x": (batch, 3, size, size)} for batch in batches] + [{"x": (1, 3, *each)} for each in sizes]
    return {"build": build, "axes": {"x": axes}, "shapes": shapes}


def vision(name, **how):
    return image(lambda: getattr(torchvision.models, name)(weights=None), **how)


def tokens(build, names, pairs, below=1000):
    """Integer inputs of [batch, length], both dynamic."""
    shapes = [dict.fromkeys(names, pair) for pair in pairs]
    return {"build": build, "axes": {name: {0: "batch", 1: "length"} for name in names}, "shapes": shapes,
            "below": {name: 2 if "mask" in name else below for name in names}}


def frames(kind):
    return {"build": lambda: Recurrent(kind), "axes": {"frames": {0: "batch", 1: "time"}},
            "shapes": [{"frames": shape} for shape in ((1, 100, 80), (2, 37, 80))]}


def segmenter():
    model = torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None)
    return Fields(model, ["x"], ["out"])


def bert(**sizes):
    import transformers
    model = transformers.BertModel(transformers.BertConfig(**sizes))
    return Fields(model, ["input_ids", "attention_mask"], ["last_hidden_state", "pooler_output"])


def gpt2():
    import transformers
    return Fields(transformers.GPT2LMHeadModel(transformers.GPT2Config(use_cache=False)), ["input_ids"], ["logits"])


def t5():
    import transformers
    model = transformers.T5ForConditionalGeneration(transformers.T5Config(use_cache=False))
    return Fields(model, ["input_ids", "attention_mask", "decoder_input_ids"], ["logits"])


def whisper():
    import transformers
    model = transformers.WhisperModel(transformers.WhisperConfig(use_cache=False))
    return Fields(model, ["input_features", "decoder_input_ids"], ["last_hidden_state"])


TOPOLOGIES = {
    "mobilenet_v3_large": vision("mobilenet_v3_large", sizes=((160, 256),)),
    "shufflenet_v2_x1_0": vision("shufflenet_v2_x1_0", sizes=((160, 256),)),
    "bilstm": frames(torch.nn.LSTM),
    "bigru": frames(torch.nn.GRU),
    "mobilenet_v2": vision("mobilenet_v2", sizes=((160, 256),)),
    "efficientnet_b0": vision("efficientnet_b0", sizes=((160, 256),)),
    "regnet_y_400mf": vision("regnet_y_400mf", sizes=((160, 256),)),
    "squeezenet1_1": vision("squeezenet1_1", sizes=((160, 256),)),
    "resnet50": vision("resnet50", sizes=((160, 256),)),
    "resnext50_32x4d": vision("resnext50_32x4d", sizes=((160, 256),)),
    "densenet121": vision("densenet121", sizes=((160, 256),)),
    "deeplabv3_mobilenet_v3_large": image(segmenter, size=320, sizes=((256, 192),), batches=(1, 2)),
    "convnext_tiny": vision("convnext_tiny", sizes=((160, 256),)),
    "vit_b_16": vision("vit_b_16"),
    "swin_t": vision("swin_t"),
    "minilm": tokens(lambda: bert(hidden_size=384, num_hidden_layers=6, intermediate_size=1536), ["input_ids", "attention_mask"],
                     ((1, 128), (3, 17))),
    "bert_base": tokens(bert, ["input_ids", "attention_mask"], ((1, 128), (2, 33))),
    "gpt2": tokens(gpt2, ["input_ids"], ((1, 64), (2, 9))),
    "t5_small": {"build": t5, "axes": {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"},
                                       "decoder_input_ids": {0: "batch", 1: "written"}},
                 "shapes": [{"input_ids": (1, 32), "attention_mask": (1, 32), "decoder_input_ids": (1, 7)},
                            {"input_ids": (2, 11), "attention_mask": (2, 11), "decoder_input_ids": (2, 3)}],
                 "below": {"input_ids": 1000, "attention_mask": 2, "decoder_input_ids": 1000}},
    "whisper_tiny": {"build": whisper, "axes": {"input_features": {0: "batch"}, "decoder_input_ids": {0: "batch", 1: "written"}},
                     "shapes": [{"input_features": (1, 80, 3000), "decoder_input_ids": (1, 4)},
                                {"input_features": (2, 80, 3000), "decoder_input_ids": (2, 9)}],
                     "below": {"decoder_input_ids": 1000}},
}


def example(shapes, below):
    """Tensors to trace with, in the order of the inputs."""
    return tuple(torch.ones(shape, dtype=torch.int64) if name in below else torch.randn(shape) for name, shape in shapes.items())


@torch.no_grad()
def settle(model, inputs):
    """Gives zero matrices of weights small random ones and BatchNorms the statistics of `inputs`.

    As they come, heads of zeros answer zero and activations fade from layer to layer until outputs are biases: no error would
    show in them.
    """
    for parameter in model.parameters():
        if parameter.dim() > 1 and not parameter.any():
            torch.nn.init.trunc_normal_(parameter, std=0.02)
    norms = [each for each in model.modules() if isinstance(each, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    if norms:
        model(*inputs)
    model.eval()


def export(name, folder):
    topology, below = TOPOLOGIES[name], TOPOLOGIES[name].get("below", {})
    torch.manual_seed(0)
    model = topology["build"]().eval()
    settle(model, example(topology["shapes"][1], below))  # several of a batch
    # Traced at the last shape: no dynamic dim is 1 there where another is to be had, so none is taken for a constant.
    inputs = list(topology["axes"])
    torch.onnx.export(model, example(topology["shapes"][-1], below), str(folder / (name + ".onnx")), input_names=inputs,
                      dynamic_axes=topology["axes"], opset_version=OPSET)
    feeds = [{each: {"shape": shape, "dtype": "int64" if each in below else "float32", "below": below.get(each)}
              for each, shape in shapes.items()} for shapes in topology["shapes"]]
    (folder / (name + ".json")).write_text(json.dumps(feeds))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="", help="names, with commas between")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in options.only.split(",") if options.only else TOPOLOGIES:
        if not (options.folder / (name + ".json")).exists():
            print("exporting " + name, flush=True)
            try:
                export(name, options.folder)
            except Exception as error:  # the exporter's own; the others go on
                failed.append(name)
                print("%s is not exported: %s: %s" % (name, type(error).__name__, error), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
