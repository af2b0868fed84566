"""The people of an account: oneself with every private field, and others."""

from __future__ import annotations

from typing import Any

from sandbox.kinopio.words import Writer

PUBLIC = (
    "id", "name", "color", "description", "website", "isUpgraded", "isModerator",
    "isGuideMaker", "isDonor", "isAmbassador",
)  # fmt: skip
FRIENDS = (
    ("ada-thyme", "keeps bees, draws maps"), ("bo_marsh", None), ("cleo-vale", ""),
    ("dag-elm", "ask me about «tea» ☕️"), ("eun-river", "שלום"), ("finn", None),
)  # fmt: skip
FLAGS_ON = (
    "isUpgraded", "emailIsVerified", "filterShowDateUpdated", "newSpacesAreBlank",
    "shouldEmailBulletin", "shouldEmailWeeklyReview", "shouldUseLastConnectionType",
    "shouldShowMoreAlignOptions", "shouldShowItemActions", "shouldUseStickyCards", "showWeather",
    "weatherUnitIsCelcius",
)  # fmt: skip
FLAGS_OFF = (
    "isModerator", "isGuideMaker", "isAmbassador", "filterShowAbsoluteDates", "filterComments",
    "filterShowUsers", "panSpeedIsFast", "outsideSpaceBackgroundIsStatic",
    "shouldEmailNotifications", "shouldIncreaseUIContrast", "shouldShowCurrentSpaceTags",
    "shouldShowMultipleSelectedLineActions", "shouldNotifyUnlockedStickyCards",
    "shouldPauseConnectionDirections", "shouldDisableRightClickToPan", "showItemActions",
    "studentDiscountIsAvailable",
)  # fmt: skip
PRIVATE = {
    "email": "canary-owner@example.invalid",
    "prevInviteEmails": "canary-invited@example.invalid",
    "weatherLocation": "canary-48.21,16.37",
    "arenaAccessToken": "canary-arena-token",
    "appleAppAccountToken": "canary-apple-token",
    "stripeSubscriptionId": "canary-stripe-subscription",
    "stripePlanIsPurchased": True,
    "referrerName": "canary-referrer",
    "referredByUserId": "canary-referred-by",
    "appApiKeys": [{"id": "1", "scope": "read", "key": "canary-app-key"}],
}
"""What nobody may store of oneself, beside the key."""


def make_friend(writer: Writer, name: str, description: str | None) -> dict[str, Any]:
    """Another user in the public form, the only one that others ever see."""
    return {
        "id": writer.new_id(),
        "name": name,
        "color": writer.color(),
        "description": description,
        "website": None if description is None else f"https://{name}.example.org",
        "isUpgraded": writer.random.random() < 0.5,
        "isModerator": False,
        "isGuideMaker": False,
        "isDonor": writer.random.choice((True, False, None)),
        "isAmbassador": None,
    }


def make_me(writer: Writer, created_at: str, updated_at: str) -> dict[str, Any]:
    """The account's own user as a signed-in client holds it: preferences, secrets and all."""
    return {
        "id": writer.new_id(),
        "name": "quill-owner",
        "color": "#ffc1f3",
        "description": 'collects "odds & ends" 🧺\nand loses them again',
        "website": "not checked by anyone",
        "createdAt": created_at,
        "updatedAt": updated_at,
        "showInExploreUpdatedAt": updated_at,
        "isDonor": None,
        "cardsCreatedCount": 1234,
        "creditsEarned": 6,
        "creditsUsed": 0,
        "lastSpaceId": None,
        "lastReadNewStuffId": "91",
        "lastUsedImagePickerService": "stickers",
        "lastSidebarSection": "text",
        "dialogSpaceFilters": None,
        "defaultCardBackgroundColor": None,
        "defaultSpaceBackground": None,
        "defaultSpaceBackgroundGradient": [
            {"x": 0.2, "y": 0.7, "color1": "#fff", "color2": "#aef"}
        ],
        "defaultSpaceBackgroundTint": "",
        "defaultConnectionControlPoint": "q00,00",
        **dict.fromkeys(FLAGS_ON, True),
        **dict.fromkeys(FLAGS_OFF, False),
        "apiKey": writer.uuid(),
        **PRIVATE,
    }


def public(user: dict[str, Any]) -> dict[str, Any]:
    """The public form of a user."""
    return {name: user[name] for name in PUBLIC}


def private_values(me: dict[str, Any]) -> list[str]:
    """Every text of one's own user that must never be stored."""
    texts = [value for value in PRIVATE.values() if isinstance(value, str)]
    return [me["apiKey"], *texts, *(entry["key"] for entry in me["appApiKeys"])]
