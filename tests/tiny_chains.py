"""Random two-layer models and adapters on disk, of the architectures that published chains use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.catalog import bases

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
)
SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
MIXED: dict[str, Any] = SHAPE | {
    "head_dim": 16,
    "layer_types": ["linear_attention", "full_attention"],
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
}


def tokenizer() -> Any:
    """The embedded base's tokenizer, with a template that shows whether thinking is on."""
    from transformers import AutoTokenizer

    gguf = bases()["smollm2-135m-instruct"].path
    assert gguf is not None
    found = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    found.chat_template = CHAT
    return found


def save_base(folder: Path, kind: str, tokens: Any, **changes: Any) -> Path:
    """A random model of that `model_type` with the tokenizer; "qwen3_5" also sees images."""
    import torch
    import transformers as hf

    torch.manual_seed(5)
    common = {"vocab_size": len(tokens), "eos_token_id": tokens.eos_token_id}
    given = {**(MIXED if kind.startswith("qwen3_5") else SHAPE), **common, **changes}
    if kind == "llama":
        model: Any = hf.LlamaForCausalLM(hf.LlamaConfig(**given))
    elif kind == "qwen2":
        model = hf.Qwen2ForCausalLM(hf.Qwen2Config(**given))
    elif kind == "qwen3_5_text":
        model = hf.Qwen3_5ForCausalLM(hf.Qwen3_5TextConfig(**given))
    else:
        seen = {"depth": 1, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2}
        vision = seen | {"out_hidden_size": 64, "num_position_embeddings": 16}
        both = hf.Qwen3_5Config(text_config=given, vision_config=vision)
        model = hf.Qwen3_5ForConditionalGeneration(both)
    with torch.no_grad():  # untrained weights are so small that all tokens look alike
        for weight in model.parameters():
            weight.mul_(3.0)
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def save_adapter(folder: Path, base: Path, seed: int, rank: int = 4) -> Path:
    """A LoRA with random A and B on all linear layers of the base."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base)
    shape = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    get_peft_model(model, shape).save_pretrained(folder)
    return folder
