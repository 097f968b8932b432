"""What is chosen for a training: one record, from which the settings and the command line are both made."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from understanding.manifest.bands import (
    HIGH_ACCURACY,
    HIGH_STRANGENESS,
    MEDIUM_ACCURACY,
    MEDIUM_STRANGENESS,
    BandRules,
)

EncoderChoice = Literal["auto", "frozen", "fine-tuned"]


class TrainingOptions(BaseModel):
    """The same options and rows give the same model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = Field(default=20_240, ge=0, le=2**32 - 1, description="Seed of all randomness in training.")
    encoder: EncoderChoice = Field(
        default="frozen",
        description="fine-tuned trains the encoder too, with PyTorch: minutes to an hour, and a point or more better. "
        "auto does so with labelled files, where PyTorch is.",
    )
    quality: float = Field(
        default=0.3,
        ge=0,
        le=100,
        description="Points of accuracy given for less work of the encoder and of its upper layers: more is faster.",
    )
    high_accuracy: float = Field(
        default=HIGH_ACCURACY, ge=0, le=1, description="What answers of the high band must reach."
    )
    medium_accuracy: float = Field(
        default=MEDIUM_ACCURACY,
        ge=0,
        le=1,
        description="What answers of the bands high and medium must reach together; others go to a person.",
    )
    high_strangeness: float = Field(
        default=HIGH_STRANGENESS,
        ge=0,
        le=1,
        description="How many of the texts in scope may be more familiar than one of the high band, from 0 to 1.",
    )
    medium_strangeness: float = Field(
        default=MEDIUM_STRANGENESS,
        ge=0,
        le=1,
        description="The same of the medium band; a stranger one goes to a person.",
    )
    threads: int = Field(default=1, ge=1, description="Threads for the encoder.")
    keep_examples: bool = Field(
        default=False,
        description="Let models keep a few labelled texts for explanations: personal data (docs/explanations.md).",
    )

    @property
    def loss(self) -> float:
        """The accuracy that may be given for speed, 0.01 being a point."""
        return self.quality / 100

    @property
    def bands(self) -> BandRules:
        """What is asked of the bands."""
        return BandRules(
            high_accuracy=self.high_accuracy,
            medium_accuracy=self.medium_accuracy,
            high_strangeness=self.high_strangeness,
            medium_strangeness=self.medium_strangeness,
        )


def setting_of(name: str) -> Any:
    """Return an option as the field of a settings class: the same default, limits and description."""
    option = TrainingOptions.model_fields[name]
    return FieldInfo.merge_field_infos(option)
