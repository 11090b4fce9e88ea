"""The models of tools/gpu_table.py: topologies with random weights from torchvision and transformers."""

NAMES = ("resnet50", "mobilenet_v3_large", "efficientnet_b0", "densenet121", "convnext_tiny", "vit_b_16", "swin_t",
         "bert_base_s128", "bert_large_s384", "gpt2_s64")


def make(name, batch, attention):
    """The module in fp32 and its arguments. `attention`: "eager" for the export, "sdpa" for torch's own kernels."""
    import torch
    torch.manual_seed(0)
    ids = lambda length: torch.randint(0, 1000, (batch, length), generator=torch.Generator().manual_seed(1))
    if name.startswith("bert"):
        from transformers import BertConfig, BertModel
        large = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
        config = BertConfig(attn_implementation=attention, **(large if "large" in name else {}))
        tokens = ids(int(name.rsplit("_s", 1)[1]))
        return BertModel(config).eval(), (tokens, torch.ones_like(tokens))
    if name.startswith("gpt2"):
        from transformers import GPT2Config, GPT2Model
        model = GPT2Model(GPT2Config(attn_implementation=attention, use_cache=False)).eval()
        return model, (ids(int(name.rsplit("_s", 1)[1])),)
    import torchvision
    model = getattr(torchvision.models, name)(weights=None).eval()
    _settle(model, torch)
    if name.startswith("vit"):
        torch.nn.init.normal_(model.heads.head.weight, std=0.02)  # zero in a new model: its logits would all be equal
    return model, (torch.randn(batch, 3, 224, 224, generator=torch.Generator().manual_seed(1)),)


def _settle(model, torch):
    """Gives batch norms the statistics of their input, as training does, so that numbers keep to the range of fp16."""
    for each in model.modules():
        if type(each).__name__ == "Bottleneck":
            torch.nn.init.constant_(each.bn3.weight, 0.2)  # the blocks of trained models add little to their input
    norms = [each for each in model.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    for each in norms:
        each.train()
        each.momentum = None
    if norms:
        with torch.no_grad():
            model(torch.randn(8, 3, 224, 224, generator=torch.Generator().manual_seed(2)))
    model.eval()


def first_output(result):
    """The tensor that is compared: the logits, or the last hidden state."""
    return result if hasattr(result, "shape") else result[0] if isinstance(result, (tuple, list)) else next(iter(result.values()))
